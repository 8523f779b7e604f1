import { S3Error } from '@/lab/store/s3-error'

const longestLineBytes = 4_096

/**
 * Takes the `aws-chunked` framing off a body: `<hex length>[;extension]CRLF data CRLF … 0 CRLF trailers CRLF`. What comes
 * after the last chunk ends up in `trailers`, by lower-case name.
 */
export class AwsChunkedDecoder {
  readonly trailers = new Map<string, string>()
  private buffered = Buffer.alloc(0)
  /** Bytes of the current chunk still to come; null while a length line is due. */
  private remaining: number | null = null
  private state: 'length' | 'data' | 'data-end' | 'trailers' | 'done' = 'length'

  /** @returns the data in this part of the body */
  push(part: Buffer): Buffer[] {
    this.buffered = Buffer.concat([this.buffered, part])
    const data: Buffer[] = []
    while (this.step(data)) {
      // Each step takes something off the buffer, until what is left is incomplete.
    }
    return data
  }

  /** @throws S3Error IncompleteBody when the last chunk has not come */
  end(): void {
    if (this.state !== 'done' && this.state !== 'trailers') {
      throw new S3Error('IncompleteBody', 400, 'The request body terminated unexpectedly')
    }
  }

  private step(data: Buffer[]): boolean {
    if (this.state === 'done') return false
    if (this.state === 'data') return this.takeData(data)
    const line = this.takeLine()
    if (line === null) return false
    if (this.state === 'length') this.startChunk(line)
    else if (this.state === 'data-end') this.state = 'length'
    else if (line === '') this.state = 'done'
    else this.takeTrailer(line)
    return true
  }

  private startChunk(line: string): void {
    const length = Number.parseInt(line.split(';')[0] ?? '', 16)
    if (!Number.isSafeInteger(length) || length < 0)
      throw new S3Error('InvalidRequest', 400, 'A chunk has no valid length')
    this.remaining = length
    this.state = length === 0 ? 'trailers' : 'data'
  }

  private takeData(data: Buffer[]): boolean {
    const wanted = this.remaining ?? 0
    const taken = this.buffered.subarray(0, wanted)
    if (taken.length === 0) return false
    data.push(taken)
    this.buffered = this.buffered.subarray(taken.length)
    this.remaining = wanted - taken.length
    if (this.remaining === 0) this.state = 'data-end'
    return true
  }

  private takeTrailer(line: string): void {
    const colon = line.indexOf(':')
    if (colon > 0) this.trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim())
  }

  private takeLine(): string | null {
    const end = this.buffered.indexOf('\r\n')
    if (end < 0) {
      if (this.buffered.length > longestLineBytes)
        throw new S3Error('InvalidRequest', 400, 'A chunk has no valid header')
      return null
    }
    const line = this.buffered.subarray(0, end).toString('latin1')
    this.buffered = this.buffered.subarray(end + 2)
    return line
  }
}
