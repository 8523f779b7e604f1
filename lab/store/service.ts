import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { closeServer, listen } from '@/lab/http-service'
import { readSecret } from '@/lab/service-process'
import { type Credentials, verifySignature } from '@/lab/sigv4'
import type { StoreConfig } from '@/lab/store/config'
import { Multipart } from '@/lab/store/multipart'
import { newId, Objects } from '@/lab/store/objects'
import type { Store } from '@/lab/store/operation'
import { callOperation } from '@/lab/store/operations'
import { headerOf, parseCall, type S3Call } from '@/lab/store/requests'
import { S3Error } from '@/lab/store/s3-error'
import { tag, xmlDocument } from '@/lab/xml'

/** What S3 calls a signature problem. */
const refusals = {
  MissingAuthenticationToken: 'AccessDenied',
  InvalidClientTokenId: 'InvalidAccessKeyId',
  SignatureDoesNotMatch: 'SignatureDoesNotMatch',
  RequestExpired: 'RequestTimeTooSkewed',
} as const

type Access = { credentials: Credentials[]; publicRead: string[] }

/** The S3-compatible store of one region. @returns how to stop */
export async function startStore(config: StoreConfig, logger: Logger): Promise<() => Promise<void>> {
  const objects = await Objects.open(config.dataDirectory)
  for (const bucket of config.buckets) await objects.createBucket(bucket)
  const store: Store = { objects, multipart: new Multipart(config.dataDirectory, objects), region: config.region }
  const access: Access = {
    credentials: config.credentials.map((one) => ({
      accessKeyId: one.accessKeyId,
      secretAccessKey: readSecret(one.secretAccessKeyFile),
    })),
    publicRead: config.publicRead,
  }
  const server = createServer((request, response) => {
    response.setHeader('x-amz-request-id', newId())
    void handle(store, access, request, response).catch((error: unknown) => refuse(request, response, error, logger))
  })
  await listen(server, config.listen.host, config.listen.port)
  logger.info({ ...config.listen }, 'store is ready')
  return () => closeServer(server)
}

async function handle(store: Store, access: Access, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const call = parseCall(request)
  if (!isPublic(call, access.publicRead)) {
    const payload = headerOf(request, 'x-amz-content-sha256')
    const result = verifySignature(request, access.credentials, payload ?? 'UNSIGNED-PAYLOAD')
    if (!result.ok) {
      throw new S3Error(refusals[result.code], 403, result.message)
    }
  }
  await callOperation(store, call, response)
}

/** Only an object itself, never a listing; a request that brings credentials is judged by them. */
function isPublic(call: S3Call, publicRead: string[]): boolean {
  const reading = (call.method === 'GET' || call.method === 'HEAD') && call.key !== '' && call.query.size === 0
  const prefixed = publicRead.some((prefix) => `${call.bucket}/${call.key}`.startsWith(prefix))
  return reading && prefixed && call.request.headers.authorization === undefined
}

function refuse(request: IncomingMessage, response: ServerResponse, error: unknown, logger: Logger): void {
  const known =
    error instanceof S3Error ? error : new S3Error('InternalError', 500, 'We encountered an internal error.')
  if (!(error instanceof S3Error)) logger.error({ reason: String(error), url: request.url }, 'a store call failed')
  if (response.headersSent) {
    response.destroy()
    return
  }
  const text = xmlDocument('Error', null, [tag('Code', known.code), tag('Message', known.message)])
  // The rest of a refused upload is not read: the connection cannot be used again.
  const closing = request.complete ? {} : { connection: 'close' }
  response.writeHead(known.status, {
    'content-type': 'application/xml',
    'content-length': Buffer.byteLength(text),
    ...closing,
  })
  response.end(request.method === 'HEAD' ? undefined : text)
}
