import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { AwsChunkedDecoder } from '@/lab/store/aws-chunked'
import { type Checksum, checksumAlgorithms, checksumHeader, checksummer } from '@/lab/store/checksum'
import { S3Error } from '@/lab/store/s3-error'

export type BodyDigest = { size: number; etag: string; checksum: Checksum | null }

function header(request: IncomingMessage, name: string): string {
  const value = request.headers[name]
  return (Array.isArray(value) ? value.join(',') : (value ?? '')).trim()
}

/**
 * Reads an upload, plain or `aws-chunked`, hands its bytes to `write`, and compares everything that the client promised about
 * them: length, Content-MD5, SHA-256 of the payload, and the checksum in a header or trailer.
 * @throws S3Error BadDigest, XAmzContentSHA256Mismatch, IncompleteBody; what was written must then be thrown away
 */
export async function readUpload(
  request: IncomingMessage,
  write: (part: Buffer) => Promise<void>,
): Promise<BodyDigest> {
  const payloadHash = header(request, 'x-amz-content-sha256')
  const chunked = payloadHash.startsWith('STREAMING-') || header(request, 'content-encoding').includes('aws-chunked')
  if (payloadHash.startsWith('STREAMING-AWS4-')) {
    throw new S3Error('NotImplemented', 501, 'Chunks signed one by one are not supported; send an unsigned trailer')
  }
  const decoder = chunked ? new AwsChunkedDecoder() : null
  const trailer = header(request, 'x-amz-trailer').toLowerCase()
  const algorithm = checksumAlgorithms.find(
    (one) => request.headers[checksumHeader(one)] !== undefined || trailer === checksumHeader(one),
  )
  const sums = {
    md5: createHash('md5'),
    sha256: createHash('sha256'),
    extra: algorithm ? checksummer(algorithm) : null,
  }
  let size = 0
  for await (const raw of request) {
    const part = Buffer.isBuffer(raw) ? raw : Buffer.from(String(raw))
    for (const data of decoder ? decoder.push(part) : [part]) {
      size += data.length
      sums.md5.update(data)
      sums.sha256.update(data)
      sums.extra?.update(data)
      await write(data)
    }
  }
  decoder?.end()
  checkLength(request, chunked, size)
  const md5 = sums.md5.digest()
  if (header(request, 'content-md5') !== '' && header(request, 'content-md5') !== md5.toString('base64')) {
    throw new S3Error('BadDigest', 400, 'The Content-MD5 you specified did not match what we received.')
  }
  if (/^[0-9a-f]{64}$/.test(payloadHash) && payloadHash !== sums.sha256.digest('hex')) {
    throw new S3Error('XAmzContentSHA256Mismatch', 400, "The provided 'x-amz-content-sha256' header does not match.")
  }
  const checksum = algorithm && sums.extra ? { algorithm, value: sums.extra.digest() } : null
  const promised =
    checksum &&
    (decoder?.trailers.get(checksumHeader(checksum.algorithm)) ?? header(request, checksumHeader(checksum.algorithm)))
  if (checksum && promised !== checksum.value) {
    throw new S3Error(
      'BadDigest',
      400,
      `The ${checksum.algorithm} you specified did not match the calculated checksum.`,
    )
  }
  return { size, etag: md5.toString('hex'), checksum }
}

function checkLength(request: IncomingMessage, chunked: boolean, size: number): void {
  const declared = header(request, chunked ? 'x-amz-decoded-content-length' : 'content-length')
  if (declared !== '' && Number(declared) !== size) {
    throw new S3Error('IncompleteBody', 400, 'You did not provide the number of bytes specified by the length header')
  }
}
