import type { Socket } from 'node:net'

/** How much may wait in one direction of one connection before the sender feels it. */
const highWaterBytes = 1024 * 1024

type Item = { dueAt: number } & ({ kind: 'data'; bytes: Buffer } | { kind: 'end' } | { kind: 'reset' })

/**
 * One way of one connection: takes bytes, end and reset from `source` and hands them to `sink` in order, at once, later
 * (slow) or not before `release` (cut). While it is held the source is not read, so its sender sees a full pipe and nothing
 * else.
 */
export class Direction {
  private readonly queue: Item[] = []
  private waitingBytes = 0
  private held = false
  private delayMs = 0
  private blocked = false
  private finished = false
  private timer: NodeJS.Timeout | undefined

  constructor(
    private readonly source: Socket,
    private readonly sink: Socket,
  ) {
    source.on('data', (bytes: Buffer) => this.take({ kind: 'data', bytes, dueAt: this.dueAt() }))
    source.on('end', () => this.take({ kind: 'end', dueAt: this.dueAt() }))
    source.on('error', () => this.take({ kind: 'reset', dueAt: this.dueAt() }))
    sink.on('drain', () => {
      this.blocked = false
      this.deliver()
    })
  }

  /** Applies a fault or its end. */
  set(held: boolean, delayMs: number): void {
    this.held = held
    this.delayMs = delayMs
    if (!held && delayMs === 0) for (const item of this.queue) item.dueAt = 0
    this.deliver()
  }

  private dueAt(): number {
    return this.delayMs === 0 ? 0 : Date.now() + this.delayMs
  }

  private take(item: Item): void {
    this.queue.push(item)
    if (item.kind === 'data') this.waitingBytes += item.bytes.length
    this.deliver()
  }

  private deliver(): void {
    clearTimeout(this.timer)
    while (!this.held && !this.blocked && !this.finished) {
      const item = this.queue[0]
      if (item === undefined) break
      const waitMs = item.dueAt - Date.now()
      if (waitMs > 0) {
        this.timer = setTimeout(() => this.deliver(), waitMs)
        break
      }
      this.queue.shift()
      this.hand(item)
    }
    const read = !this.held && !this.blocked && this.waitingBytes < highWaterBytes
    if (read) this.source.resume()
    else this.source.pause()
  }

  private hand(item: Item): void {
    if (item.kind === 'data') {
      this.waitingBytes -= item.bytes.length
      this.blocked = !this.sink.write(item.bytes)
      return
    }
    this.finished = true
    if (item.kind === 'end') this.sink.end()
    else this.sink.resetAndDestroy()
  }
}
