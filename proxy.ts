import { type NextRequest, NextResponse } from 'next/server'

/**
 * A nonce a page: only scripts that this server wrote run. Styles may be inline, since charts and the topology set them.
 * Next reads the nonce from the request's policy and puts it on its own scripts.
 */
export function proxy(request: NextRequest): NextResponse {
  const nonce = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))))
  const policy = policyFor(nonce)
  const headers = new Headers(request.headers)
  headers.set('x-nonce', nonce)
  // For the way back after signing in: server components are not told their address.
  headers.set('x-path', request.nextUrl.pathname + request.nextUrl.search)
  headers.set('content-security-policy', policy)
  const response = NextResponse.next({ request: { headers } })
  response.headers.set('content-security-policy', policy)
  return response
}

// Hot reloading evaluates code and talks over a socket; only `next dev` does that.
const development = process.env.NODE_ENV === 'development'

function policyFor(nonce: string): string {
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${development ? " 'unsafe-eval'" : ''}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    `connect-src 'self'${development ? ' ws:' : ''}`,
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** Pages only: the API sets its own policy, and files need none. */
export const config = {
  matcher: [{ source: '/((?!api/|_next/|livez|readyz|metrics|icon\\.svg|favicon\\.ico).*)' }],
}
