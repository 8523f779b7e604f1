import { randomBytes } from 'node:crypto'

/** Nonces older than this are forgotten; a caller that slow has lost sight anyway. */
const nonceLifeMs = 10 * 60_000
const nonceLimit = 8_192

export interface SightRules {
  selfFenceAfterMs: number
}

/**
 * What this agent can still see. Times are milliseconds on the monotonic clock.
 *
 * The control plane counts as seen from the moment at which a nonce was *issued* that has now come back: requests that arrive
 * while answers are lost prove nothing to the one who would have to hear them.
 */
export class Sight {
  private readonly issued = new Map<string, number>()
  private controlAt: number | null = null
  private standbyAt: number | null = null
  private successors: boolean | null = null

  /** @param since where counting begins while nothing was seen yet */
  constructor(
    private readonly rules: SightRules,
    private since: number,
  ) {}

  /** The server was made writable just now, by order of the control plane: isolation counts from here. */
  begin(now: number): void {
    this.since = Number.isFinite(this.since) ? Math.max(this.since, now) : now
    this.successors = null
  }

  /** A cluster that was just made, and that nobody has seen yet, has no successor to fear: counting waits for the first sight. */
  awaitFirst(): void {
    this.since = Number.POSITIVE_INFINITY
  }

  issueNonce(now: number): string {
    for (const [nonce, at] of this.issued) {
      if (now - at <= nonceLifeMs && this.issued.size < nonceLimit) break
      this.issued.delete(nonce)
    }
    const nonce = randomBytes(16).toString('base64url')
    this.issued.set(nonce, now)
    return nonce
  }

  /** @returns false for a nonce that this process did not issue */
  echo(nonce: string): boolean {
    const at = this.issued.get(nonce)
    if (at === undefined) return false
    this.controlAt = Math.max(this.controlAt ?? at, at)
    return true
  }

  standbySeen(at: number): void {
    this.standbyAt = Math.max(this.standbyAt ?? at, at)
    this.successors = true
  }

  /**
   * Whether anybody could be promoted behind this primary's back: whoever follows it does so through a slot. Once there was one in this term it stays so, since its
   * absence may be the very isolation that is feared. Without any, losing the control plane alone must never stop the service.
   */
  successorsKnown(exist: boolean): void {
    if (exist || this.successors === null) this.successors = exist
  }

  get controlSeenAt(): number | null {
    return this.controlAt
  }

  get standbySeenAt(): number | null {
    return this.standbyAt
  }

  /** Whichever was seen last, of the control plane and the standbys; null while nobody had to be seen yet. */
  get lastSeenAt(): number | null {
    const seen = [this.since, this.controlAt, this.standbyAt].filter((at) => at !== null && Number.isFinite(at))
    return seen.reduce<number | null>((latest, at) => (at === null ? latest : Math.max(latest ?? at, at)), null)
  }

  /** By when an isolated primary has been stopped; null while counting has not begun, and while nobody could take over from it. */
  get selfFenceAt(): number | null {
    if (this.successors === false) return null
    return this.lastSeenAt === null ? null : this.lastSeenAt + this.rules.selfFenceAfterMs
  }
}

/**
 * Where counting begins after the agent was started again beside a running primary. Not simply now: an agent restarted over and over
 * would never fence. A short grace lets one that was away for long hear from the others before it stops a healthy primary.
 */
export function resumeSince(now: number, savedLastSeenAt: number | null, selfFenceAfterMs: number): number {
  if (savedLastSeenAt === null || savedLastSeenAt > now) return now
  const graceMs = Math.min(3_000, selfFenceAfterMs / 2)
  return Math.max(savedLastSeenAt, now - selfFenceAfterMs + graceMs)
}

/** Recognises standbys that spoke since the last look: a row alone says only that a connection has not been given up yet. */
export class StandbyWatch {
  private readonly lastReply = new Map<number, string>()
  private lastLookAt: number | null = null

  /**
   * @param rows the walsenders of this primary, with the time of the standby's last reply
   * @returns the latest moment at which a standby is known to have been in sight, or null
   */
  look(now: number, rows: { pid: number; state: string; replyTime: string | null }[]): number | null {
    const since = this.lastLookAt
    const spoke = rows.filter((row) => {
      const before = this.lastReply.get(row.pid)
      return row.state === 'streaming' && row.replyTime !== null && before !== undefined && before !== row.replyTime
    })
    this.lastReply.clear()
    for (const row of rows) if (row.replyTime !== null) this.lastReply.set(row.pid, row.replyTime)
    this.lastLookAt = now
    // It spoke some time between the two looks; the earlier one is the safe answer.
    return spoke.length > 0 ? since : null
  }
}
