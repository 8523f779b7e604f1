/** A link that the service acknowledged: its code, and the number that its target ends in. */
export type Promised = { code: string; serial: number }

const codeBytes = 12
const recordBytes = codeBytes + 4

/**
 * Every acknowledged link, in 16 bytes each: a day of 20 a second is 28 MB. The target is not kept, it follows from the
 * serial number.
 */
export class Promises {
  private bytes = Buffer.alloc(recordBytes * 1_024)
  private length = 0

  get count(): number {
    return this.length
  }

  add({ code, serial }: Promised): void {
    if (code.length > codeBytes) throw new Error(`a code of ${code.length} characters cannot be kept`)
    const at = this.length * recordBytes
    if (at + recordBytes > this.bytes.length) this.bytes = Buffer.concat([this.bytes], this.bytes.length * 2)
    this.bytes.write(code.padEnd(codeBytes, ' '), at, 'latin1')
    this.bytes.writeUInt32BE(serial, at + codeBytes)
    this.length += 1
  }

  /** In the order in which they were acknowledged. */
  get(index: number): Promised | null {
    if (index < 0 || index >= this.length) return null
    const at = index * recordBytes
    const code = this.bytes.toString('latin1', at, at + codeBytes).trimEnd()
    return { code, serial: this.bytes.readUInt32BE(at + codeBytes) }
  }
}

const targetBase = 'https://example.com/lab/'

export function targetOf(serial: number): string {
  return `${targetBase}${serial}`
}

export function serialOf(url: string): number | null {
  const digits = url.startsWith(targetBase) ? url.slice(targetBase.length) : ''
  return /^\d{1,10}$/.test(digits) ? Number(digits) : null
}
