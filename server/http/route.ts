import { toJson } from '@/server/domain/json'
import { may, rolesWith } from '@/server/domain/rights'
import { claimKey, releaseKey, settleKey } from '@/server/services/access/idempotency'
import type { Context } from '@/server/services/context'
import { auditedAttempt } from '@/server/services/deny'
import { ServiceError } from '@/server/services/errors'
import { type ConsoleWiring, consoleWiring } from '@/server/wiring'
import { authenticate, contextFor } from './authenticate'
import { readJson } from './body'
import { httpMetrics } from './http-metrics'
import type { Operation } from './operation'
import { idText } from './operations/common'
import { requireOwnOrigin } from './origin'
import { apiHeaders, HttpProblem, isExpected, notSignedIn, problemOf, problemResponse } from './problem'

type RouteParams = { params: Promise<Record<string, string | string[]>> }
export type Handler = (request: Request, route: RouteParams) => Promise<Response>

const operations = new WeakMap<Handler, Operation>()

/** The operation behind a handler; undefined for one that `route` did not make, which no route file may export. */
export function operationOf(handler: Handler): Operation | undefined {
  return operations.get(handler)
}

/** Makes the handler of one operation: who asks, may they, is it well formed, then the verb or query, then the answer. */
export function route(operation: Operation): Handler {
  const handler: Handler = async (request, { params }) => {
    const begun = performance.now()
    const response = await answer(operation, request, params).catch((error: unknown) =>
      refuse(operation, request, error),
    )
    const seconds = (performance.now() - begun) / 1000
    httpMetrics().duration.observe({ method: request.method, path: operation.path, status: response.status }, seconds)
    return response
  }
  operations.set(handler, operation)
  return handler
}

async function answer(operation: Operation, request: Request, params: RouteParams['params']): Promise<Response> {
  if (operation.respond) return operation.respond(request)
  const wiring = consoleWiring()
  const caller = await authenticate(wiring, request.headers, true)
  if (!caller) throw notSignedIn()
  if (operation.method === 'POST') requireOwnOrigin(request, wiring.env.LIFEBOAT_PUBLIC_URL, caller.byCookie)
  const context = contextFor(wiring, caller)
  const path = decoded(await params)
  await requireRight(operation, context, path, new URL(request.url).pathname)
  const body = operation.method === 'POST' ? await readJson(request) : undefined
  const raw = { params: path, query: queryOf(request), body }
  const response = await perform(operation, context, raw, request)
  for (const cookie of caller.cookies) response.headers.append('set-cookie', cookie)
  return response
}

async function requireRight(
  operation: Operation,
  context: Context,
  params: Record<string, string>,
  pathname: string,
): Promise<void> {
  const { right } = operation
  if (right === 'public' || right === 'signed-in') return
  if (may(context.grants, right, params.service ?? null)) return
  const serviceId = knownId(params.service)
  const runId = operation.path.startsWith('/api/v1/runs/') ? knownId(params.id) : null
  const attempt = { action: operation.action, subject: pathname.slice(0, 200), serviceId, runId }
  await auditedAttempt(context, attempt, async () => {
    throw new ServiceError(
      'forbidden',
      `This needs the role ${rolesWith(right).join(' or ')}${params.service ? ' on this service' : ''}, which you do not have.`,
      'Nothing was done.',
      'Ask someone with that role, or an administrator for a grant.',
    )
  })
}

/** An id as the trail may keep it: what the caller wrote, if it can be one. */
function knownId(text: string | undefined): string | null {
  const parsed = idText.safeParse(text)
  return parsed.success ? parsed.data : null
}

type Raw = { params: Record<string, string>; query: Record<string, string | string[]>; body: unknown }

async function perform(operation: Operation, context: Context, raw: Raw, request: Request): Promise<Response> {
  const { invoke } = operation
  if (!invoke) throw new TypeError(`${operation.id} cannot be invoked`)
  const key = operation.idempotent ? idempotencyKey(request) : null
  if (key === null) return respond(operation, await invoke(context, raw, request))
  const claim = {
    key,
    operation: operation.id,
    request: { params: raw.params, query: raw.query, body: raw.body ?? null },
  }
  const claimed = await claimKey(context, claim)
  if (claimed.state === 'other-request') throw keyReused()
  if (claimed.state === 'answered')
    return json(claimed.answer.status, claimed.answer.body, { 'idempotent-replayed': 'true' })
  try {
    const body = toJson(await invoke(context, raw, request))
    await settleKey(context, key, { status: operation.response.status, body })
    return json(operation.response.status, body)
  } catch (error) {
    // After an unforeseen error nobody knows whether it was done, so the key stays taken.
    if (isExpected(error)) await releaseKey(context, key)
    throw error
  }
}

function idempotencyKey(request: Request): string | null {
  const key = request.headers.get('idempotency-key')
  if (key === null || /^[\x21-\x7e]{1,200}$/.test(key)) return key
  throw new HttpProblem(
    400,
    'invalid',
    'The Idempotency-Key is not 1 to 200 visible ASCII characters.',
    'Nothing was done.',
    'Send a random UUID, a new one for each thing you want done.',
  )
}

const keyReused = () =>
  new HttpProblem(
    422,
    'idempotency-key-reused',
    'This Idempotency-Key was used before, for another request.',
    'Nothing was done.',
    'Use a new key for each thing you want done.',
  )

function respond(operation: Operation, result: unknown): Response {
  return result instanceof Response ? result : json(operation.response.status, result)
}

function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { ...apiHeaders, 'content-type': 'application/json', ...headers },
  })
}

function refuse(operation: Operation, request: Request, error: unknown): Response {
  const problem = problemOf(error, new URL(request.url).pathname)
  if (!isExpected(error)) {
    const cause = error instanceof Error ? { message: error.message, stack: error.stack } : { message: String(error) }
    logOf()?.error(
      { reference: problem.reference, operation: operation.id, cause },
      'A request met an unexpected error',
    )
  }
  return problemResponse(
    problem,
    error instanceof HttpProblem ? error.headers : problem.status === 503 ? { 'retry-after': '2' } : {},
  )
}

/** The log, unless the settings are what is wrong: then the error is about to be told anyway. */
function logOf(): ConsoleWiring['log'] | null {
  try {
    return consoleWiring().log
  } catch {
    return null
  }
}

function decoded(params: Record<string, string | string[]>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(params ?? {}).map(([name, value]) => [name, Array.isArray(value) ? value.join('/') : value]),
  )
}

/** Repeated names become lists, which only a schema that wants a list takes. */
function queryOf(request: Request): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {}
  const search = new URL(request.url).searchParams
  for (const name of new Set(search.keys())) {
    const values = search.getAll(name)
    if (values.some((value) => value.includes('\0'))) throw badQuery(name)
    query[name] = values.length === 1 ? (values[0] ?? '') : values
  }
  return query
}

const badQuery = (name: string) =>
  new HttpProblem(400, 'invalid', `query.${name} holds a NUL character.`, 'Nothing was done.', 'Correct the request.')
