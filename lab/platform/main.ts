import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { z } from 'zod'
import { closeServer, hasBearer, listen, parseJson, readBody, sendJson } from '@/lab/http-service'
import { platformConfig } from '@/lab/platform/config'
import { faultActions, Platform, TokenMismatch } from '@/lab/platform/platform'
import { configFromArguments, readSecret, runProcess } from '@/lab/service-process'

const bodyLimitBytes = 64 * 1024
const powerRequest = z.object({ token: z.string().min(1).max(200) })
const faultRequest = z.object({ grey: z.boolean().default(false) })

type Answer = { status: number; body: unknown }
const notFound = (what: string): Answer => ({ status: 404, body: { message: `there is no ${what}` } })

/** What Lifeboat may call: the part of EC2 that it needs. */
async function answerHosts(platform: Platform, method: string, path: string[], body: unknown): Promise<Answer> {
  const [hostId, action] = path
  if (method === 'GET' && hostId === undefined) return { status: 200, body: { hosts: platform.describeAll() } }
  if (hostId === undefined) return notFound('such call')
  if (method === 'GET' && action === undefined) {
    const found = platform.describe(hostId)
    return found === undefined ? notFound(`host ${hostId}`) : { status: 200, body: found }
  }
  if (method !== 'POST' || (action !== 'start' && action !== 'stop')) return notFound('such call')
  const parsed = powerRequest.safeParse(body)
  if (!parsed.success) return { status: 400, body: { message: z.prettifyError(parsed.error) } }
  const done = await platform.power(hostId, action, parsed.data.token)
  return done === undefined ? notFound(`host ${hostId}`) : { status: 200, body: done }
}

/** What only the lab may call: it breaks things. */
async function answerLab(platform: Platform, method: string, path: string[], body: unknown): Promise<Answer> {
  const [verb, target] = path
  if (method === 'GET' && verb === 'hosts') return { status: 200, body: { hosts: platform.inspect() } }
  if (method === 'POST' && verb === 'halt') return { status: 200, body: { processes: await platform.halt() } }
  const action = faultActions.find((one) => one === verb)
  if (method !== 'POST' || action === undefined || target === undefined) return notFound('such call')
  const parsed = faultRequest.safeParse(body ?? {})
  if (!parsed.success) return { status: 400, body: { message: z.prettifyError(parsed.error) } }
  const report = await platform.fault(action, target, parsed.data.grey)
  return report === undefined ? notFound(`region or host ${target}`) : { status: 200, body: report }
}

const config = configFromArguments('platform', platformConfig)

await runProcess('platform', async (logger) => {
  const token = readSecret(config.tokenFile)
  const labToken = readSecret(config.labTokenFile)
  const platform = new Platform(config, logger)

  const answer = async (request: IncomingMessage): Promise<Answer> => {
    const isLab = hasBearer(request, labToken)
    if (!isLab && !hasBearer(request, token)) return { status: 401, body: { message: 'a bearer token is needed' } }
    const segments = new URL(request.url ?? '/', 'http://platform').pathname.split('/').slice(1).map(decodeURIComponent)
    const body = parseJson((await readBody(request, bodyLimitBytes))?.toString('utf8') ?? '')
    const method = request.method ?? ''
    const [first, second, third, ...rest] = segments
    if (first === 'v1' && second === 'hosts')
      return answerHosts(platform, method, third === undefined ? rest : [third, ...rest], body)
    if (first === 'lab' && second === 'v1' && third !== undefined && isLab)
      return answerLab(platform, method, [third, ...rest], body)
    return notFound('such call')
  }

  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const { status, body } = await answer(request)
      sendJson(response, status, body)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      logger.error({ reason: message, url: request.url }, 'a request failed')
      sendJson(response, error instanceof TokenMismatch ? 409 : 500, { message })
    }
  }

  const server = createServer((request, response) => void respond(request, response))
  await listen(server, config.listen.host, config.listen.port)
  logger.info({ hosts: config.hosts.length }, 'listening')
  return async () => {
    platform.close()
    await closeServer(server)
  }
})
