/**
 * Ids without coordination: 41 bits of milliseconds since 2024, 5 of region, 5 of instance, 12 of sequence. Unique as long
 * as no two instances of a region have the same number at the same time.
 */
const epochMs = Date.UTC(2024, 0, 1)
const sequenceBits = 12n
const instanceBits = 5n
const regionBits = 5n
const lastSequence = (1n << sequenceBits) - 1n

export class Snowflake {
  private lastMs = 0
  private sequence = 0n

  constructor(
    private readonly datacenterId: number,
    private readonly instance: number,
    private readonly now: () => number = Date.now,
  ) {}

  /** Never repeats, also when the clock steps back or a millisecond is exhausted: then it runs ahead of the clock. */
  next(): bigint {
    const now = Math.max(this.now(), this.lastMs)
    this.sequence = now === this.lastMs ? this.sequence + 1n : 0n
    this.lastMs = now
    if (this.sequence > lastSequence) {
      this.lastMs += 1
      this.sequence = 0n
    }
    const region = (BigInt(this.datacenterId) << instanceBits) | BigInt(this.instance)
    const time = BigInt(this.lastMs - epochMs) << (regionBits + instanceBits + sequenceBits)
    return time | (region << sequenceBits) | this.sequence
  }
}

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** The id as a short code. */
export function base62(id: bigint): string {
  let rest = id
  let code = ''
  do {
    code = (alphabet[Number(rest % 62n)] ?? '') + code
    rest /= 62n
  } while (rest > 0n)
  return code
}
