import { escapeIdentifier } from 'pg'
import { Terminal } from '@/server/ports/errors'
import type { TableView } from '@/server/ports/table-view'
import { type PostgresTarget, type Session, withSession } from './session'

/** 1 MiB of a table: few enough rows to list when something there differs, few enough ranges to hold for a large one. */
const blocksPerRange = 128

/** The same text for the same value on both sides, whatever each server's own settings are. */
export const sameText = [
  "SET timezone = 'UTC'",
  "SET datestyle = 'ISO, YMD'",
  "SET intervalstyle = 'iso_8601'",
  "SET bytea_output = 'hex'",
  'SET extra_float_digits = 1',
  // Rows that a policy hides would pass for equal: rather an error.
  'SET row_security = off',
]

const tablesQuery = `
  SELECT n.nspname || '.' || c.relname AS "table", pg_table_size(c.oid)::float8 AS bytes
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind = 'r' AND c.relpersistence = 'p'
     AND n.nspname NOT IN ('lifeboat', 'pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'
   ORDER BY 1`

/** Behind a commit that is visible its record is in the WAL already, so this position has everything that the snapshot sees. */
const momentQuery = `
  SELECT pg_current_snapshot()::text AS snapshot,
         CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END::text AS lsn`

/**
 * A row keeps 32 bits of the transaction that wrote it; a snapshot knows 64. The nearest full number to the snapshot's end is meant: rows are frozen before they
 * are further away than that. A frozen row whose number looks like one to come counts as unseen here, and is found equal when its range is listed.
 */
const seenBy = (parameter: string): string => `
  (${parameter}::text IS NULL OR x < 3 OR pg_visible_in_snapshot(
    (b + ((x - b % 4294967296 + 6442450944) % 4294967296) - 2147483648)::text::xid8, ${parameter}::pg_snapshot))`

export function quoted(table: string): string {
  const [schema, ...name] = table.split('.')
  if (!schema || name.length === 0) throw new Terminal('postgres', `${table} is not the name of a table`)
  return `${escapeIdentifier(schema)}.${escapeIdentifier(name.join('.'))}`
}

const rowsOf = (table: string, where = ''): string => `
  SELECT ((lifeboat_row.ctid::text::point)[0])::bigint AS block, lifeboat_row.ctid::text AS place,
         lifeboat_row.xmin::text::bigint AS x,
         hashtextextended(lifeboat_row::text, 0) AS hash,
         coalesce(pg_snapshot_xmax($1::pg_snapshot)::text::bigint, 0) AS b
    FROM ONLY ${quoted(table)} AS lifeboat_row ${where}`

function viewOf({ query }: Session, moment: { snapshot: string; lsn: string }): TableView {
  return {
    ...moment,
    tables: () => query<{ table: string; bytes: number }>(tablesQuery),
    digests: (table, seenIn) =>
      query(
        `SELECT (block / ${blocksPerRange})::int AS range, count(*)::float8 AS rows, sum(hash::numeric)::text AS checksum
           FROM (${rowsOf(table)}) AS r WHERE ${seenBy('$1')} GROUP BY 1 ORDER BY 1`,
        [seenIn],
      ),
    versions: (table, range, seenIn) =>
      query(
        `SELECT place || '@' || x AS id, hash::text AS hash, ${seenBy('$1')} AS seen
           FROM (${rowsOf(table, 'WHERE lifeboat_row.ctid >= $2::tid AND lifeboat_row.ctid < $3::tid')}) AS r`,
        [seenIn, `(${range * blocksPerRange},0)`, `(${(range + 1) * blocksPerRange},0)`],
      ),
  }
}

/** One read-only transaction that sees one moment. What it holds back of vacuum ends with `work`, at the latest with the time limit. */
export function readTables<T>(
  target: PostgresTarget,
  timeLimitMs: number,
  work: (view: TableView) => Promise<T>,
): Promise<T> {
  return withSession(target, timeLimitMs, async (session) => {
    for (const statement of sameText) await session.query(statement)
    await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    // The first statement takes the snapshot; the position is read after it.
    await session.query('SELECT 1')
    const [moment] = await session.query<{ snapshot: string; lsn: string }>(momentQuery)
    if (!moment) throw new Terminal(`postgres ${target.serverId}`, 'The server did not say which moment it shows')
    const result = await work(viewOf(session, moment))
    await session.query('COMMIT')
    return result
  })
}
