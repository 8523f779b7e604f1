import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { z } from 'zod'
import { parseJson, readBody, sendJson } from '@/lab/http-service'
import { DeadlineExceeded, withDeadline } from '@/lab/shortener/deadline'
import type { HealthCheck } from '@/lab/shortener/health'
import type { Links } from '@/lab/shortener/links'

const largestBodyBytes = 16_384
/** A request is answered, well or badly, within this time whatever a database does. */
const deadlineMs = 1_300

const newLink = z.object({ url: z.url({ protocol: /^https?$/ }).max(2_048) })

/** The reference service: `POST /links`, `GET /{code}`, `GET /health`. */
export function shortenerServer(links: Links, health: HealthCheck, logger: Logger): Server {
  const server = createServer((request, response) => {
    void handle(links, health, request, response).catch((error: unknown) => refuse(response, error, logger))
  })
  // Longer than any proxy keeps an idle connection, so that the proxy closes first.
  server.keepAliveTimeout = 60_000
  return server
}

async function handle(
  links: Links,
  health: HealthCheck,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? '/').split('?')[0] ?? '/'
  if (path === '/health' && request.method === 'GET') {
    const state = await health.check()
    return sendJson(response, state.status === 'ok' ? 200 : 503, state)
  }
  if (path === '/links' && request.method === 'POST') return create(links, request, response)
  const code = /^\/([0-9A-Za-z]{1,12})$/.exec(path)?.[1]
  if (code !== undefined && (request.method === 'GET' || request.method === 'HEAD'))
    return follow(links, code, response)
  sendJson(response, 404, { error: 'There is nothing at this address.' })
}

async function create(links: Links, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request, largestBodyBytes)
  if (body === null) return sendJson(response, 413, { error: 'The body is too large; no link was created.' })
  const parsed = newLink.safeParse(parseJson(body.toString('utf8')))
  if (!parsed.success) {
    return sendJson(response, 400, { error: `No link was created: ${z.prettifyError(parsed.error)}` })
  }
  sendJson(response, 201, await withDeadline('the database', deadlineMs, links.create(parsed.data.url)))
}

async function follow(links: Links, code: string, response: ServerResponse): Promise<void> {
  const url = await withDeadline('the database', deadlineMs, links.find(code))
  if (url === null) return sendJson(response, 404, { error: 'There is no link with this code.' })
  response.writeHead(302, { location: url, 'content-length': 0, 'cache-control': 'no-store' })
  response.end()
}

function refuse(response: ServerResponse, error: unknown, logger: Logger): void {
  const reason = error instanceof Error ? error.message : String(error)
  logger.debug({ reason }, 'a request failed')
  if (response.headersSent) return void response.destroy()
  // A lost answer is not a lost write: whoever asked cannot know, and is told so.
  const unknown = error instanceof DeadlineExceeded || reason === 'Query read timeout'
  const text = unknown
    ? 'The database did not answer in time; whether anything was written is unknown.'
    : `The database cannot do this now: ${reason}`
  sendJson(response, unknown ? 504 : 503, { error: text })
}
