export type Outage = {
  /** The last good answer before it, in ms since the epoch; null when there had been none. */
  from: number | null
  /** When the first request that failed was sent. */
  firstFailedAt: number
  /** The first good answer after the last failure; null while it lasts. */
  to: number | null
  failedRequests: number
}
export type Kind = 'create' | 'follow'

/** A relapse within this time is the same outage: resolvers learn of a change one after the other. */
const relapseMs = 1_500
/** Older ones are in the ledger. */
const keptOutages = 200

/**
 * Turns outcomes of single requests into outages. A failed request counts when no request of its kind that was sent later
 * succeeded: a single timeout among good answers is a failure, not an outage. An outage ends when every kind that failed is
 * good again.
 */
export class OutageTracker {
  private readonly lastOkSent: Record<Kind, number> = { create: -1, follow: -1 }
  private readonly lastOkDone: Record<Kind, number | null> = { create: null, follow: null }
  /** Kinds that fail now, with when the newest failed request was sent. */
  private readonly down = new Map<Kind, number>()
  private readonly ended: Outage[] = []
  private current: Outage | null = null

  constructor(private readonly onEnd: (outage: Outage) => void) {}

  ok(kind: Kind, sentAt: number, doneAt: number): void {
    const downSince = this.down.get(kind)
    if (downSince !== undefined && sentAt >= downSince) this.down.delete(kind)
    this.lastOkSent[kind] = Math.max(this.lastOkSent[kind], sentAt)
    this.lastOkDone[kind] = doneAt
    if (this.current && this.current.to === null && this.down.size === 0) this.current.to = doneAt
    this.settle(doneAt)
  }

  failed(kind: Kind, sentAt: number, doneAt: number): void {
    if (this.lastOkSent[kind] > sentAt) return
    this.settle(doneAt)
    this.down.set(kind, Math.max(this.down.get(kind) ?? 0, sentAt))
    if (!this.current) {
      this.current = { from: this.lastOkDone[kind], firstFailedAt: sentAt, to: null, failedRequests: 0 }
    }
    this.current.firstFailedAt = Math.min(this.current.firstFailedAt, sentAt)
    this.current.failedRequests += 1
    this.current.to = null
  }

  /** Ended ones and, at last, the one that lasts: until it is certain to be over its `to` is null. */
  list(now: number): Outage[] {
    this.settle(now)
    return this.current ? [...this.ended, { ...this.current, to: null }] : [...this.ended]
  }

  private settle(now: number): void {
    if (!this.current || this.current.to === null || now - this.current.to < relapseMs) return
    this.ended.push(this.current)
    if (this.ended.length > keptOutages) this.ended.shift()
    this.onEnd(this.current)
    this.current = null
  }
}
