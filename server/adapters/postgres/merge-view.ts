import { escapeIdentifier } from 'pg'
import { Terminal } from '@/server/ports/errors'
import { type PostgresTarget, withSession } from './session'
import { quoted, sameText } from './table-view'

const timeoutMs = 15_000

type Described = { columns: string[]; key: string[]; triggers: string[] }

/** From the catalogue alone; null when there is no ordinary table of this name. */
export function describeTable(target: PostgresTarget, table: string): Promise<Described | null> {
  return withSession(target, timeoutMs, async ({ query }) => {
    await query('BEGIN READ ONLY')
    const found = await query<Described>(
      `SELECT ARRAY(SELECT a.attname::text FROM pg_attribute a
                     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS columns,
              ARRAY(SELECT a.attname::text FROM pg_index i
                      JOIN unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place) ON true
                      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
                     WHERE i.indrelid = c.oid AND i.indisprimary ORDER BY k.place) AS key,
              ARRAY(SELECT t.tgname::text FROM pg_trigger t
                     WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D' ORDER BY 1) AS triggers
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname || '.' || c.relname = $1 AND c.relkind = 'r' AND c.relpersistence = 'p'`,
      [table],
    )
    await query('COMMIT')
    return found[0] ?? null
  })
}

type Values = Readonly<Record<string, string | null>>

/** Looks up at most a few hundred rows by key, with the same text for the same value as when they were written down. */
export function readByKey(
  target: PostgresTarget,
  table: string,
  key: readonly string[],
  wanted: readonly Values[],
): Promise<Record<string, string | null>[]> {
  return withSession(target, timeoutMs, async ({ query }) => {
    for (const statement of sameText) await query(statement)
    await query('BEGIN READ ONLY')
    const columns = await query<{ name: string; type: string }>(
      `SELECT attname::text AS name, format_type(atttypid, -1) AS type FROM pg_attribute
        WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
      [quoted(table)],
    )
    const typeOf = (name: string): string => {
      const found = columns.find((each) => each.name === name)
      if (!found) throw new Terminal(`postgres ${target.serverId}`, `${table} has no column ${name}`)
      return found.type
    }
    const place = key.map((name, index) => `t.${escapeIdentifier(name)} = w.k${index}`).join(' AND ')
    // One array of text a key column, side by side, each value read as what its column holds.
    const keys = key.map((name, index) => `u.k${index}::${typeOf(name)} AS k${index}`).join(', ')
    const arrays = key.map((_, index) => `$${index + 1}::text[]`).join(', ')
    const names = key.map((_, index) => `k${index}`).join(', ')
    const values = columns.map(({ name }, index) => `t.${escapeIdentifier(name)}::text AS c${index}`).join(', ')
    const rows = await query<Record<string, string | null>>(
      `SELECT ${values} FROM (SELECT ${keys} FROM unnest(${arrays}) AS u(${names})) AS w JOIN ${quoted(table)} AS t ON ${place}`,
      key.map((name) => wanted.map((row) => row[name] ?? null)),
    )
    await query('COMMIT')
    return rows.map((row) => Object.fromEntries(columns.map(({ name }, index) => [name, row[`c${index}`] ?? null])))
  })
}
