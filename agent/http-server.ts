import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { AgentError } from './agent-error'
import type { Operation } from './operation-table'

const bodyLimitBytes = 64 * 1024
/** Kept rows are the one thing that is large: a single one may have 2 MiB. */
const rowsLimitBytes = 4 * 1024 * 1024
const statusOf = {
  invalid: 400,
  unauthorised: 401,
  'stale-generation': 409,
  refused: 422,
  failed: 500,
  busy: 503,
} as const

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** Compares digests: equal length, and no time that tells how much of a guess was right. */
export function tokenChecker(token: string): (authorization: string | undefined) => boolean {
  const expected = digest(`Bearer ${token}`)
  return (authorization) => timingSafeEqual(digest(authorization ?? ''), expected)
}

async function readBody(request: IncomingMessage, limitBytes: number): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk)
    size += bytes.length
    if (size > limitBytes)
      throw new AgentError('invalid', `the body is larger than ${limitBytes / 1024} KiB; nothing was done`)
    chunks.push(bytes)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    throw new AgentError('invalid', 'the body is not JSON; nothing was done')
  }
}

function send(response: ServerResponse, status: number, body: unknown, close = false): void {
  if (response.destroyed) return
  if (close) response.setHeader('connection', 'close')
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
}

function sendError(response: ServerResponse, error: unknown, log: Logger, operation: string): void {
  if (!(error instanceof AgentError)) {
    log.error({ operation, error: error instanceof Error ? error.stack : 'unknown' }, 'operation ended unexpectedly')
    const unexpected = { kind: 'failed', message: 'unexpected error in the agent; observe the server' }
    send(response, 500, { ok: false, error: unexpected })
    return
  }
  const { kind, message, newestGeneration } = error
  const cause = error.cause instanceof Error ? error.cause.message : undefined
  log.warn({ operation, kind, reason: message, cause }, 'operation not done')
  const body = { ok: false, error: { kind, message, ...(newestGeneration === undefined ? {} : { newestGeneration }) } }
  send(response, statusOf[kind], body, kind === 'invalid')
}

async function answer(
  request: IncomingMessage,
  operations: Map<string, Operation>,
  isAuthorised: (authorization: string | undefined) => boolean,
): Promise<unknown> {
  if (!isAuthorised(request.headers.authorization))
    throw new AgentError('unauthorised', 'a valid bearer token is needed')
  const name = /^\/v1\/([A-Za-z]+)$/.exec(request.url ?? '')?.[1] ?? ''
  const operation = operations.get(name)
  if (request.method !== 'POST' || !operation) throw new AgentError('invalid', 'no such operation; nothing was done')
  return await operation(await readBody(request, name === 'mergeRows' ? rowsLimitBytes : bodyLimitBytes))
}

export function createAgentServer(operations: Map<string, Operation>, token: string, log: Logger): Server {
  const isAuthorised = tokenChecker(token)
  const server = createServer((request, response) => {
    if (request.method === 'GET' && request.url === '/livez') {
      send(response, 200, { ok: true })
      return
    }
    answer(request, operations, isAuthorised).then(
      (result) => send(response, 200, { ok: true, result }),
      (error: unknown) => sendError(response, error, log, request.url?.slice(0, 64) ?? ''),
    )
  })
  server.headersTimeout = 5_000
  server.requestTimeout = 10_000
  return server
}
