import pg from 'pg'
import type { EventView } from '@/server/queries/dto/records'
import { eventsAfter, newestEventId } from '@/server/queries/events'
import type { Context } from '@/server/services/context'
import type { Log } from '../log'

export type EventHub = {
  /** Calls `listener` for every event from now on. @returns how to stop */
  subscribe(listener: (event: EventView) => void): () => void
  /** Resolves once nothing is missed any more: when the process listens to the control database. */
  listening(): Promise<void>
  close(): Promise<void>
}

type Options = { databaseUrl: string; db: Context['db']; log: Log }

/** Ids are given out before they commit, so a smaller one may become visible later: each look goes back this far. */
export const overlap = 64n
const atOnce = 1000
const retryMs = [100, 250, 500, 1000, 2000] as const

/**
 * One listener a process, however many pages are open. A notification only says "look": what happened is read from the table, so a
 * restart of the control database loses nothing.
 */
export function createEventHub(options: Options): EventHub {
  const listeners = new Set<(event: EventView) => void>()
  const told = new Set<string>()
  let client: pg.Client | null = null
  let lastId: bigint | null = null
  let failures = 0
  let closed = false
  let started = false
  let retry: NodeJS.Timeout | undefined
  let looking: Promise<void> | null = null
  let lookAgain = false
  let nowListening: () => void = () => undefined
  const listening = new Promise<void>((resolve) => {
    nowListening = resolve
  })

  async function look(): Promise<void> {
    if (lastId === null) lastId = await newestEventId(options.db)
    const from = lastId > overlap ? lastId - overlap : 0n
    for (const event of await eventsAfter(options.db, from, atOnce)) {
      const id = BigInt(event.id)
      const first = !told.has(event.id)
      told.add(event.id)
      if (id > lastId) lastId = id
      if (first) for (const listener of listeners) listener(event)
    }
    for (const id of told) if (BigInt(id) < lastId - 2n * overlap) told.delete(id)
  }

  /** Looks once at a time; a notification during a look is followed by another one. */
  function wake(): void {
    if (looking) {
      lookAgain = true
      return
    }
    looking = look()
      .catch((error: unknown) => {
        options.log.warn({ error: messageOf(error) }, 'Events could not be read; they are read again')
        if (!closed) setTimeout(wake, 500).unref()
      })
      .finally(() => {
        looking = null
        if (lookAgain && !closed) {
          lookAgain = false
          wake()
        }
      })
  }

  async function connect(): Promise<void> {
    const mine = new pg.Client({
      connectionString: options.databaseUrl,
      application_name: 'lifeboat-console-events',
      connectionTimeoutMillis: 3000,
      // A dead server must be noticed even though nothing is ever sent on this connection.
      keepAlive: true,
      keepAliveInitialDelayMillis: 5000,
    })
    client = mine
    mine.on('error', () => lost(mine))
    mine.on('end', () => lost(mine))
    mine.on('notification', wake)
    try {
      await mine.connect()
      await mine.query('LISTEN lifeboat_event')
      // What was told before this moment is the readers' own business: they replay.
      if (lastId === null) {
        lastId = await newestEventId(options.db)
        for (const event of await eventsAfter(options.db, lastId > overlap ? lastId - overlap : 0n, atOnce)) {
          told.add(event.id)
        }
      }
      failures = 0
      nowListening()
      wake()
    } catch {
      lost(mine)
    }
  }

  function lost(which: pg.Client): void {
    if (client !== which) return
    client = null
    which.end().catch(() => undefined)
    if (closed) return
    const wait = retryMs[Math.min(failures, retryMs.length - 1)] ?? 2000
    failures += 1
    if (failures === 1) options.log.warn('The event listener lost the control database; it tries again')
    retry = setTimeout(() => void connect(), wait)
    retry.unref()
  }

  return {
    subscribe(listener) {
      listeners.add(listener)
      if (!started) {
        started = true
        void connect()
      }
      return () => listeners.delete(listener)
    },
    listening: () => listening,
    async close() {
      closed = true
      clearTimeout(retry)
      listeners.clear()
      const open = client
      client = null
      await open?.end().catch(() => undefined)
      await looking
    },
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
