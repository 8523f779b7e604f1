import { Terminal } from '@/server/ports/errors'
import type { PostgresServer } from '@/server/ports/managed'
import { identify } from './identify'
import { describeTable, readByKey } from './merge-view'
import { proveWritable } from './prove-writable'
import { type PostgresTarget, sqlState, withSession } from './session'
import { readTables } from './table-view'

/** A heartbeat or an identity is one round trip; the rest is room for a slow link. */
const shortTimeoutMs = 3_000
const readTimeoutMs = 15_000

/** A PostgreSQL server asked directly, as the monitoring role, a new connection for each call. */
export function createPostgresServer(target: PostgresTarget): PostgresServer {
  return {
    serverId: target.serverId,
    identify: () => withSession(target, shortTimeoutMs, identify),
    proveWritable: (note) => proveWritable(target, note),
    refusesWrites: () => refusesWrites(target),
    readPairs: (query, limit) => readPairs(target, query, limit),
    describeTable: (table) => describeTable(target, table),
    readByKey: (table, key, wanted) => readByKey(target, table, key, wanted),
    readTables: (timeLimitMs, work) => readTables(target, timeLimitMs, work),
  }
}

const readOnlyTransaction = '25006'
/** What a server in recovery answers to BEGIN READ WRITE. */
const notDuringRecovery = '0A000'

/**
 * Asks for a read-write transaction and a transaction id, which only a writable server hands out: it needs no table, leaves nothing behind, and a
 * session default (`default_transaction_read_only`) does not hide a writable server.
 */
async function refusesWrites(target: PostgresTarget): Promise<boolean> {
  try {
    await withSession(target, shortTimeoutMs, async ({ query }) => {
      await query('BEGIN READ WRITE')
      await query('SELECT pg_current_xact_id()')
      await query('ROLLBACK')
    })
    return false
  } catch (error) {
    const code = sqlState(error)
    if (code === readOnlyTransaction || code === notDuringRecovery) return true
    throw error
  }
}

function readPairs(target: PostgresTarget, text: string, limit: number): Promise<{ key: string; value: string }[]> {
  return withSession(target, readTimeoutMs, async ({ query }) => {
    await query('BEGIN READ ONLY')
    const rows = await query<{ key: unknown; value: unknown }>(text, [limit])
    await query('COMMIT')
    return rows.slice(0, limit).map(({ key, value }) => {
      if (key === undefined || value === undefined) {
        throw new Terminal(
          `postgres ${target.serverId}`,
          'A query of the configuration has to return the columns "key" and "value"',
        )
      }
      return { key: String(key), value: String(value) }
    })
  })
}
