import pg from 'pg'
import { z } from 'zod'
import { refused } from './agent-error'

/** A table as the catalogue has it: everything that goes into a statement is quoted by PostgreSQL or by us from here, never from a request. */
export type MergeTable = {
  quoted: string
  owner: string
  key: string[]
  columns: Map<string, { type: string; generated: boolean; sequence: string | null }>
}

const tableRows = z.array(z.object({ oid: z.string(), schema: z.string(), name: z.string(), owner: z.string() }))
const columnRows = z.array(
  z.object({
    name: z.string(),
    type: z.string(),
    generated: z.boolean(),
    sequence: z.string().nullable(),
    key: z.int().nullable(),
  }),
)

/** Lifeboat's and PostgreSQL's own tables are nobody's to merge into. */
const notTheService = `n.nspname not in ('lifeboat', 'pg_catalog', 'information_schema') and n.nspname !~ '^pg_'`

/**
 * Looks the table up and compares it with what the rows came from.
 * @throws AgentError refused, with the name of what is missing or differs
 */
export async function findMergeTable(client: pg.Client, table: string, key: readonly string[]): Promise<MergeTable> {
  const found = tableRows.parse(
    (
      await client.query(
        `select c.oid::text, n.nspname as schema, c.relname as name, pg_get_userbyid(c.relowner)::text as owner
           from pg_class c join pg_namespace n on n.oid = c.relnamespace
          where n.nspname || '.' || c.relname = $1 and c.relkind = 'r' and c.relpersistence = 'p' and ${notTheService}`,
        [table],
      )
    ).rows,
  )
  const [named] = found
  if (!named || found.length > 1) throw refused(`there is no ordinary table ${table} here; nothing was inserted`)
  const quoted = `${pg.escapeIdentifier(named.schema)}.${pg.escapeIdentifier(named.name)}`
  const columns = columnRows.parse(
    (
      await client.query(
        `select a.attname as name, format_type(a.atttypid, -1) as type, a.attgenerated <> '' as generated,
                pg_get_serial_sequence($2, a.attname) as sequence, array_position(i.indkey::int2[], a.attnum) as key
           from pg_attribute a left join pg_index i on i.indrelid = a.attrelid and i.indisprimary
          where a.attrelid = $1::oid and a.attnum > 0 and not a.attisdropped order by a.attnum`,
        [named.oid, quoted],
      )
    ).rows,
  )
  const ownKey = columns.filter((each) => each.key !== null).sort((a, b) => (a.key ?? 0) - (b.key ?? 0))
  if (ownKey.length === 0) throw refused(`${table} has no primary key, so a row could not be told from another`)
  if (ownKey.map((each) => each.name).join('\0') !== key.join('\0'))
    throw refused(`the primary key of ${table} is another one than where the rows come from; nothing was inserted`)
  return {
    quoted,
    owner: pg.escapeIdentifier(named.owner),
    key: ownKey.map((each) => each.name),
    columns: new Map(columns.map(({ name, type, generated, sequence }) => [name, { type, generated, sequence }])),
  }
}

/** @throws AgentError refused when the table has not exactly the columns that the row has */
export function expectSameColumns(table: MergeTable, name: string, row: Readonly<Record<string, string | null>>): void {
  const missing = Object.keys(row).filter((each) => !table.columns.has(each))
  const added = [...table.columns.keys()].filter((each) => !Object.hasOwn(row, each))
  if (missing.length > 0) throw refused(`${name} has no column ${missing.join(', ')} any more; nothing was inserted`)
  if (added.length > 0) throw refused(`${name} has a new column ${added.join(', ')}; nothing was inserted`)
}
