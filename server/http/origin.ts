import { HttpProblem } from './problem'

/**
 * Cross-site request forgery: a browser adds the cookie by itself, and always says where a POST comes from. So a mutation that leans on
 * the cookie must come from our own origin; foreign, `null` and missing are refused alike. Bearer tokens are never sent by themselves.
 * @throws HttpProblem 403
 */
export function requireOwnOrigin(request: Request, publicUrl: string, required: boolean): void {
  const origin = request.headers.get('origin')
  if (origin === null && !required) return
  if (origin === new URL(publicUrl).origin) return
  throw new HttpProblem(
    403,
    'foreign-origin',
    origin === null ? 'The request does not say which page it comes from.' : 'The request comes from another site.',
    'Nothing was done.',
    `Use the console at ${new URL(publicUrl).origin}, or an API token.`,
  )
}
