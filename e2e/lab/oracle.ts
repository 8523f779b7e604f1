import pg from 'pg'

/**
 * Looks from outside whether two servers ever take writes at the same time. Against each server it keeps a session open that inserts for as long as it lives, and
 * another that connects anew each time: a frozen server refuses the second while the first goes on committing. Only acknowledged commits count.
 */
export type Acknowledged = { server: string; timeline: number; session: 'held' | 'fresh'; atMs: number }

export type Target = { name: string; host: string; port: number; user: string; password: string; database: string }

export class WriterOracle {
  readonly acknowledged: Acknowledged[] = []
  private running = true
  private readonly loops: Promise<void>[] = []

  constructor(private readonly targets: readonly Target[]) {}

  /** Makes its table on the primary and begins. */
  async start(primary: Target): Promise<void> {
    const client = await connect(primary)
    await client.query('CREATE SCHEMA IF NOT EXISTS oracle')
    await client.query(
      'CREATE TABLE IF NOT EXISTS oracle.ack (id bigint GENERATED ALWAYS AS IDENTITY, server text, at timestamptz DEFAULT now())',
    )
    await client.end()
    for (const target of this.targets) this.loops.push(this.hold(target), this.knock(target))
  }

  async stop(): Promise<void> {
    this.running = false
    await Promise.all(this.loops)
  }

  /** The moments at which an older timeline acknowledged a write after a newer one had: none, or there were two writers. */
  twoWriters(): string[] {
    const found: string[] = []
    const ordered = [...this.acknowledged].sort((a, b) => a.atMs - b.atMs)
    let newest = { timeline: 0, server: '', atMs: 0 }
    for (const each of ordered) {
      if (each.timeline > newest.timeline) newest = each
      else if (each.timeline < newest.timeline) {
        found.push(
          `${each.server} (timeline ${each.timeline}, ${each.session} session) took a write ${Math.round(each.atMs - newest.atMs)} ms after ${newest.server} (timeline ${newest.timeline}) had`,
        )
      } else if (each.server !== newest.server)
        found.push(`${each.server} and ${newest.server} both took writes on timeline ${each.timeline}`)
    }
    return found
  }

  lastWriteOf(server: string): number | null {
    return this.acknowledged.filter((each) => each.server === server).at(-1)?.atMs ?? null
  }

  private async hold(target: Target): Promise<void> {
    let client: pg.Client | null = null
    while (this.running) {
      client ??= await connect(target).catch(() => null)
      // A held session is not given up for a slow answer: a frozen server's sessions are what it is here to catch.
      if (client && !(await this.write(client, target, 'held', 30_000))) {
        void client.end().catch(() => undefined)
        client = null
      }
      await pause()
    }
    void client?.end().catch(() => undefined)
  }

  private async knock(target: Target): Promise<void> {
    while (this.running) {
      const client = await connect(target).catch(() => null)
      if (client) {
        await this.write(client, target, 'fresh', 1_000)
        void client.end().catch(() => undefined)
      }
      await pause()
    }
  }

  private async write(
    client: pg.Client,
    target: Target,
    session: 'held' | 'fresh',
    timeoutMs: number,
  ): Promise<boolean> {
    const insert = client.query<{ timeline: string }>(
      `INSERT INTO oracle.ack (server) VALUES ($1) RETURNING substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) AS timeline`,
      [target.name],
    )
    const done = await Promise.race([insert.catch(() => null), stopped(timeoutMs, () => !this.running)])
    if (done === null) return false
    this.acknowledged.push({
      server: target.name,
      timeline: Number.parseInt(done.rows[0]?.timeline ?? '0', 16),
      session,
      atMs: performance.now(),
    })
    return true
  }
}

async function connect(target: Target): Promise<pg.Client> {
  const { name: _, ...address } = target
  const client = new pg.Client({ ...address, connectionTimeoutMillis: 500, application_name: 'oracle' })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20))
}

/** null after a time, or soon after `over` says that nobody waits any more. */
async function stopped(timeoutMs: number, over: () => boolean): Promise<null> {
  const until = performance.now() + timeoutMs
  while (performance.now() < until && !over()) await pause()
  return null
}
