import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'

/** Clients that write all the time and remember what was acknowledged: the oracle that a handover is judged by. */
export type Writers = {
  /** Ids whose commit was answered. */
  acknowledged: readonly string[]
  /** Longest time between two answered commits of all writers together since the last reset, in ms. */
  longestGapMs(): number
  resetGap(): void
  stop(): Promise<void>
}

type Target = { addresses: string[]; port: number; user: string; password: string; database: string }

/** Each writes rows of its own into `ledger (id text primary key, server text)`, on whichever address lets it. */
export function startWriters(target: Target, count: number): Writers {
  const acknowledged: string[] = []
  let stopping = false
  let lastAt = performance.now()
  let gap = 0
  const loop = async (writer: number): Promise<void> => {
    let client: Client | null = null
    for (let turn = 0; !stopping; turn += 1) {
      const host = target.addresses[turn % target.addresses.length] ?? ''
      try {
        client = await connect(target, host)
        for (let n = 0; !stopping; n += 1) {
          const id = `${writer}-${turn}-${n}`
          await client.query('INSERT INTO ledger (id, server) VALUES ($1, $2)', [id, host])
          acknowledged.push(id)
          const now = performance.now()
          gap = Math.max(gap, now - lastAt)
          lastAt = now
          await delay(5)
        }
      } catch {
        // Stopped, read-only, or not there: the next address may take it. What was not answered counts as nothing.
        await delay(5)
      } finally {
        await client?.end().catch(() => undefined)
        client = null
      }
    }
  }
  const loops = Array.from({ length: count }, (_, writer) => loop(writer))
  return {
    acknowledged,
    longestGapMs: () => gap,
    resetGap() {
      gap = 0
      lastAt = performance.now()
    },
    async stop() {
      stopping = true
      await Promise.all(loops)
    },
  }
}

async function connect({ port, user, password, database }: Target, host: string): Promise<Client> {
  const client = new Client({
    host,
    port,
    user,
    password,
    database,
    connectionTimeoutMillis: 1_000,
    query_timeout: 5_000,
  })
  client.on('error', () => undefined)
  await client.connect()
  return client
}
