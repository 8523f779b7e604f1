import { consoleWiring } from '@/server/wiring'
import { readJson } from '../body'
import { definePublicOperation } from '../operation'
import { requireOwnOrigin } from '../origin'
import { apiHeaders, HttpProblem } from '../problem'
import { failuresOf } from '../sign-in-limit'

/** What of the sign-in library may be reached; whatever else it brings does not exist here. */
const reachable: Readonly<Record<string, 'GET' | 'POST'>> = {
  '/api/auth/sign-in/email': 'POST',
  '/api/auth/sign-out': 'POST',
  '/api/auth/get-session': 'GET',
  '/api/auth/list-sessions': 'GET',
  '/api/auth/revoke-session': 'POST',
  '/api/auth/revoke-other-sessions': 'POST',
  '/api/auth/change-password': 'POST',
}

async function respond(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url)
  if (reachable[pathname] !== request.method) throw noSuchPath()
  const wiring = consoleWiring()
  if (request.method === 'GET') return hardened(await wiring.signIn.handle(request))
  requireOwnOrigin(request, wiring.env.LIFEBOAT_PUBLIC_URL, request.headers.has('cookie'))
  const body = await readJson(request)
  const forwarded = new Request(request.url, {
    method: 'POST',
    headers: request.headers,
    body: JSON.stringify(body ?? {}),
  })
  if (pathname !== '/api/auth/sign-in/email') return hardened(await wiring.signIn.handle(forwarded))
  const failures = failuresOf(emailOf(body))
  if (failures.tooMany(wiring.clock.now())) throw tooManyFailures()
  const response = await wiring.signIn.handle(forwarded)
  if (response.status === 401) failures.count(wiring.clock.now())
  if (response.ok) failures.clear()
  return hardened(response)
}

function emailOf(body: unknown): string {
  const email = typeof body === 'object' && body !== null && 'email' in body ? body.email : null
  return typeof email === 'string' ? email.trim().toLowerCase().slice(0, 320) : ''
}

function hardened(response: Response): Response {
  const headers = new Headers(response.headers)
  for (const [name, value] of Object.entries(apiHeaders)) headers.set(name, value)
  return new Response(response.body, { status: response.status, headers })
}

const tooManyFailures = () =>
  new HttpProblem(
    429,
    'rate-limited',
    'Too many wrong passwords for this account.',
    'You were not signed in.',
    'Wait a minute, then try again.',
    [],
    { 'retry-after': '60' },
  )

export const noSuchPath = () =>
  new HttpProblem(404, 'not-found', 'There is nothing at this path.', 'Nothing was done.', 'Look at /api/openapi.json.')

const described = { path: '/api/auth/{...all}', response: { status: 200, contentType: 'application/json' }, respond }

export const signInGetOperation = definePublicOperation({
  ...described,
  id: 'signInRead',
  method: 'GET',
  summary: 'The sign-in library: get-session, list-sessions.',
})
export const signInPostOperation = definePublicOperation({
  ...described,
  id: 'signInWrite',
  method: 'POST',
  summary: 'The sign-in library: sign-in/email, sign-out, revoke-session, revoke-other-sessions, change-password.',
})
