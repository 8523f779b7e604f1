import { createHash, createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { sameText } from '@/lab/http-service'

/** AWS Signature Version 4, the header form. Query-signed (presigned) requests are not accepted. */
export type Credentials = { accessKeyId: string; secretAccessKey: string }

export type SignatureResult =
  | { ok: true; accessKeyId: string }
  | {
      ok: false
      code: 'MissingAuthenticationToken' | 'InvalidClientTokenId' | 'SignatureDoesNotMatch' | 'RequestExpired'
      message: string
    }

/** How far a request's date may be off; AWS allows 5 minutes, S3 15. */
const allowedSkewMs = 15 * 60_000

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex')
const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest()

/** Percent-encodes as SigV4 wants it: everything but unreserved characters. */
export function awsEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}

function canonicalQuery(query: string): string {
  const decode = (text: string) => decodeURIComponent(text.replace(/\+/g, '%20'))
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [name = '', ...rest] = pair.split('=')
      return [awsEncode(decode(name)), awsEncode(decode(rest.join('=')))] as const
    })
    .sort(([a, x], [b, y]) => (a === b ? (x < y ? -1 : 1) : a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

/** S3 signs the path as it is sent; every other service encodes it once more. */
function canonicalPath(path: string, service: string): string {
  return service === 's3' ? path : path.split('/').map(awsEncode).join('/')
}

function canonicalRequest(request: IncomingMessage, signedHeaders: string[], service: string, payload: string): string {
  const [path = '/', query = ''] = (request.url ?? '/').split(/\?(.*)/s)
  const headers = signedHeaders.map((name) => {
    const value = request.headers[name]
    return `${name}:${(Array.isArray(value) ? value.join(',') : (value ?? '')).trim().replace(/ +/g, ' ')}\n`
  })
  return [
    request.method ?? 'GET',
    canonicalPath(path, service),
    canonicalQuery(query),
    headers.join(''),
    signedHeaders.join(';'),
    payload,
  ].join('\n')
}

const authorizationHeader =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/

/**
 * Verifies who signed a request and that method, path, query and signed headers are as they were signed. The body is covered
 * by `payloadHash`: what the request declares in `x-amz-content-sha256` (whoever reads the body compares it), or, when a
 * service does not send that header, the hash of the body itself.
 */
export function verifySignature(
  request: IncomingMessage,
  credentials: Credentials[],
  payloadHash: string | Buffer,
  now = Date.now(),
): SignatureResult {
  const match = authorizationHeader.exec(request.headers.authorization ?? '')
  if (!match) return { ok: false, code: 'MissingAuthenticationToken', message: 'Missing Authentication Token' }
  const [, accessKeyId = '', date = '', region = '', service = '', signed = '', signature = ''] = match
  const known = credentials.find((one) => one.accessKeyId === accessKeyId)
  if (!known) {
    return {
      ok: false,
      code: 'InvalidClientTokenId',
      message: 'The security token included in the request is invalid.',
    }
  }
  const time = String(request.headers['x-amz-date'] ?? '')
  const sentAt = Date.parse(time.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  if (!(Math.abs(now - sentAt) <= allowedSkewMs) || !time.startsWith(date)) {
    return { ok: false, code: 'RequestExpired', message: 'The request is too old, or its date is missing.' }
  }
  const signedHeaders = signed.split(';')
  if (!signedHeaders.includes('host')) {
    return { ok: false, code: 'SignatureDoesNotMatch', message: 'The host header must be signed.' }
  }
  const payload = typeof payloadHash === 'string' ? payloadHash : sha256(payloadHash)
  const scope = `${date}/${region}/${service}/aws4_request`
  const canonical = canonicalRequest(request, signedHeaders, service, payload)
  const key = [date, region, service, 'aws4_request'].reduce<string | Buffer>(
    (previous, part) => hmac(previous, part),
    `AWS4${known.secretAccessKey}`,
  )
  const expected = hmac(key, ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n')).toString('hex')
  return sameText(signature, expected)
    ? { ok: true, accessKeyId }
    : { ok: false, code: 'SignatureDoesNotMatch', message: 'The request signature we calculated does not match.' }
}
