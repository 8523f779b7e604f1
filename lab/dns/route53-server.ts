import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { Route53Error } from '@/lab/dns/model'
import { type Account, callOperation, type Reply } from '@/lab/dns/route53-operations'
import { namespace } from '@/lab/dns/route53-xml'
import { readBody } from '@/lab/http-service'
import { type Credentials, verifySignature } from '@/lab/sigv4'
import { tag, xmlDocument } from '@/lab/xml'

const largestBodyBytes = 1_000_000

export type Route53Options = { credentials: Credentials; requestsPerSecond: number | null }

/** Route 53's REST API (2013-04-01) in front of one account. */
export function route53Server(account: Account, options: Route53Options, logger: Logger): Server {
  const admitted: number[] = []
  return createServer((request, response) => {
    void handle(request, account, options, admitted)
      .catch((error: unknown): Reply => {
        if (error instanceof Route53Error) return errorReply(error)
        logger.error({ error, url: request.url }, 'a Route 53 call failed')
        return errorReply(new Route53Error('InternalError', 'Internal failure', 500))
      })
      .then((reply) => send(request, response, reply, logger))
  })
}

async function handle(request: IncomingMessage, account: Account, options: Route53Options, admitted: number[]) {
  const body = await readBody(request, largestBodyBytes)
  if (body === null) throw new Route53Error('InvalidInput', 'The request is too large', 413)
  const signed = verifySignature(request, [options.credentials], body)
  if (!signed.ok) throw new Route53Error(signed.code, signed.message, 403)
  if (!admit(admitted, options.requestsPerSecond)) throw new Route53Error('Throttling', 'Rate exceeded')
  const url = new URL(request.url ?? '/', 'http://route53')
  if (!url.pathname.startsWith('/2013-04-01/')) throw new Route53Error('InvalidAction', 'Unknown API version', 404)
  return callOperation(account, {
    method: request.method ?? 'GET',
    path: url.pathname.slice('/2013-04-01'.length).replace(/\/$/, ''),
    query: url.searchParams,
    body: body.toString('utf8'),
    clientAddress: request.socket.remoteAddress ?? '',
  })
}

/** Counts requests over the last second; a refused one does not count. */
function admit(admitted: number[], requestsPerSecond: number | null): boolean {
  if (requestsPerSecond === null) return true
  const now = performance.now()
  while ((admitted[0] ?? now) <= now - 1_000) admitted.shift()
  if (admitted.length >= requestsPerSecond) return false
  admitted.push(now)
  return true
}

function errorReply(error: Route53Error): Reply {
  const details = [
    tag('Type', error.status < 500 ? 'Sender' : 'Receiver'),
    tag('Code', error.code),
    tag('Message', error.message),
  ]
  return {
    status: error.status,
    body: xmlDocument('ErrorResponse', namespace, [tag('Error', details), tag('RequestId', randomUUID())]),
  }
}

function send(request: IncomingMessage, response: ServerResponse, reply: Reply, logger: Logger): void {
  if (request.method !== 'GET')
    logger.info({ method: request.method, url: request.url, status: reply.status }, 'route53')
  response.writeHead(reply.status, {
    'content-type': 'text/xml',
    'content-length': Buffer.byteLength(reply.body),
    'x-amzn-requestid': randomUUID(),
  })
  response.end(reply.body)
}
