import type pg from 'pg'

const flushEveryMs = 1_000
/** With a writer away for long, hits of further links are dropped: a statistic must not fill the memory. */
const mostCodes = 10_000

/** Counts follows in memory and adds them to the table each second. */
export class HitCounter {
  private pending = new Map<string, number>()
  private readonly timer: NodeJS.Timeout
  private running: Promise<void> | null = null

  constructor(private readonly writer: pg.Pool) {
    this.timer = setInterval(() => void this.flush(), flushEveryMs)
  }

  count(code: string): void {
    const known = this.pending.get(code)
    if (known !== undefined || this.pending.size < mostCodes) this.pending.set(code, (known ?? 0) + 1)
  }

  async close(): Promise<void> {
    clearInterval(this.timer)
    await this.running
    await this.flush()
  }

  private async flush(): Promise<void> {
    if (this.running || this.pending.size === 0) return
    // Sorted, so that two instances that count the same links cannot wait for each other.
    const batch = [...this.pending].sort(([a], [b]) => (a < b ? -1 : 1))
    this.pending = new Map()
    this.running = this.add(batch).finally(() => {
      this.running = null
    })
    await this.running
  }

  private async add(batch: [string, number][]): Promise<void> {
    try {
      await this.writer.query(
        `insert into link_hits (code, hits, last_hit_at)
         select code, hits, now() from unnest($1::text[], $2::bigint[]) as batch (code, hits)
         on conflict (code) do update set hits = link_hits.hits + excluded.hits, last_hit_at = excluded.last_hit_at`,
        [batch.map(([code]) => code), batch.map(([, hits]) => hits)],
      )
    } catch {
      // Counted again at the next flush; a batch whose answer was lost may then count twice.
      for (const [code, hits] of batch) {
        const known = this.pending.get(code)
        if (known !== undefined || this.pending.size < mostCodes) this.pending.set(code, (known ?? 0) + hits)
      }
    }
  }
}
