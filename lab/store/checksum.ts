import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** Checksum algorithms that the store computes; the client's own value is compared, kept and echoed. */
export const checksumAlgorithms = ['crc32', 'sha1', 'sha256'] as const
export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number]
export type Checksum = { algorithm: ChecksumAlgorithm; value: string }

export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm}`
}

/** Computes one checksum over a stream of parts; the digest is base64, as S3 writes it. */
export function checksummer(algorithm: ChecksumAlgorithm): { update: (part: Buffer) => void; digest: () => string } {
  if (algorithm !== 'crc32') {
    const hash = createHash(algorithm)
    return { update: (part) => hash.update(part), digest: () => hash.digest('base64') }
  }
  let sum = 0
  return {
    update: (part) => {
      sum = crc32(part, sum)
    },
    digest: () => {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32BE(sum)
      return bytes.toString('base64')
    },
  }
}
