import { Agent, createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { BackendList } from '@/lab/endpoint/backend-list'
import type { EndpointConfig } from '@/lab/endpoint/config'
import { type ForwardOutcome, forward } from '@/lab/endpoint/forward'
import { endpointHealth } from '@/lab/endpoint/health'
import { closeServer, listen, sendJson } from '@/lab/http-service'

/** The region's load balancer. @returns how to stop */
export async function startEndpoint(config: EndpointConfig, logger: Logger): Promise<() => Promise<void>> {
  const backends = new BackendList(config.backendsFile, logger)
  await backends.open()
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 64 })
  const server = createServer((request, response) => {
    response.setHeader('x-lifeboat-region', config.region)
    void handle(config, backends, agent, request, response).catch((error: unknown) => {
      logger.error({ reason: String(error), url: request.url }, 'a request failed')
      response.destroy()
    })
  })
  // Users keep connections for long; who closes an idle one first should be they.
  server.keepAliveTimeout = 60_000
  await listen(server, config.listen.host, config.listen.port)
  logger.info({ ...config.listen, region: config.region }, 'endpoint is ready')
  return async () => {
    backends.close()
    await closeServer(server)
    agent.destroy()
  }
}

async function handle(
  config: EndpointConfig,
  backends: BackendList,
  agent: Agent,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method === 'GET' && request.url === '/health') {
    const health = await endpointHealth(agent, backends, config.region, config.healthTimeoutMs)
    return sendJson(response, health.status === 'ok' ? 200 : 503, health)
  }
  // Whoever only reads may be tried again elsewhere; a request with a body is sent once.
  const repeatable = request.method === 'GET' || request.method === 'HEAD'
  let outcome: ForwardOutcome = { ok: false, reason: 'no instance is ready', timedOut: false }
  for (const backend of backends.next(repeatable ? 2 : 1)) {
    outcome = await forward(agent, backend, config, request, response)
    if (outcome.ok || outcome.timedOut) break
  }
  if (outcome.ok || response.headersSent || response.destroyed) return
  // What is left of a body that nobody took must not hold the connection.
  request.resume()
  sendJson(response, outcome.timedOut ? 504 : 503, { error: `This region cannot answer now: ${outcome.reason}` })
}
