import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { z } from 'zod'
import { closeServer, hasBearer, listen, parseJson, readBody, sendJson } from '@/lab/http-service'
import { networkConfig } from '@/lab/network/config'
import { faultRequest } from '@/lab/network/faults'
import { Network } from '@/lab/network/network'
import { configFromArguments, readSecret, runProcess } from '@/lab/service-process'

const bodyLimitBytes = 64 * 1024

async function answer(network: Network, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const call = `${request.method} ${request.url}`
  if (call === 'GET /links') return sendJson(response, 200, { links: network.status() })
  if (call !== 'POST /faults') return sendJson(response, 404, { message: `there is no ${call}` })
  const body = await readBody(request, bodyLimitBytes)
  const parsed = faultRequest.safeParse(parseJson(body?.toString('utf8') ?? ''))
  if (!parsed.success) return sendJson(response, 400, { message: z.prettifyError(parsed.error) })
  sendJson(response, 200, { links: await network.apply(parsed.data) })
}

const config = configFromArguments('network', networkConfig)

await runProcess('network', async (logger) => {
  const token = readSecret(config.tokenFile)
  const network = new Network(config.net, config.stateFile)
  await network.listen()
  const server = createServer((request, response) => {
    if (!hasBearer(request, token)) return sendJson(response, 401, { message: 'a bearer token is needed' })
    answer(network, request, response).catch((error: unknown) => {
      logger.error({ error }, 'a request failed')
      sendJson(response, 500, { message: 'failed; see the log of the network process' })
    })
  })
  await listen(server, config.listen.host, config.listen.port)
  logger.info({ links: network.status().length }, 'listening')
  return async () => {
    await closeServer(server)
    await network.close()
  }
})
