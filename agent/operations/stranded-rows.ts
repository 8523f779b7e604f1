import pg from 'pg'
import { z } from 'zod'
import type { AgentRequest, AgentResult, StrandedRow, StrandedTable } from '@/server/domain/agent-protocol'
import { refused } from '../agent-error'
import type { Host } from '../host'
import { withSession } from '../session'
import { type Place, parsePlace, RowTracker, type TableRows } from '../stranded'
import { lsnToBytes } from '../wal-position'
import { firstReadable, notTheService, readCatalog, readWal } from './divergence'

/** Places that are followed at once, about 100 bytes each. */
const mostPlaces = 400_000
/** An answer stays well below what a worker reads at most (4 MiB). */
const pageBytes = 2 * 1024 * 1024
/** The most line pointers that a page of 8 KiB can hold. */
const placesOfBlock = 291
const queryTimeoutMs = 30_000

type Entry = { table: string; place: Place; op: 'insert' | 'update'; seq: number }
type Table = { name: string; quoted: string; columns: string[]; key: string[] }

const columnRows = z.array(z.object({ name: z.string(), key: z.int().nullable() }))
const placeRows = z.array(z.object({ place: z.string() }))
const valueRows = z.array(z.object({ place: z.string(), row: z.string() }))

/** Everything as text that PostgreSQL reads back to the same value, whatever the server's own settings are. */
const session = `set timezone = 'UTC'; set datestyle = 'ISO, YMD'; set intervalstyle = 'iso_8601'; set bytea_output = 'hex'; set extra_float_digits = 1`

async function describeTable(client: pg.Client, schema: string, relation: string): Promise<Table> {
  const quoted = `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(relation)}`
  const found = await client.query(
    `select a.attname as name, array_position(i.indkey::int2[], a.attnum) as key
       from pg_attribute a left join pg_index i on i.indrelid = a.attrelid and i.indisprimary
      where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped
      order by a.attnum`,
    [quoted],
  )
  const columns = columnRows.parse(found.rows)
  const key = columns.filter((each) => each.key !== null).sort((a, b) => (a.key ?? 0) - (b.key ?? 0))
  return {
    name: `${schema}.${relation}`,
    quoted,
    columns: columns.map((each) => each.name),
    key: key.map((each) => each.name),
  }
}

/** The places of rows that were put in many at once: by who wrote them, in the blocks where they did. */
async function findBatched(client: pg.Client, table: Table, rows: TableRows): Promise<Entry[]> {
  const found: Entry[] = []
  for (const [block, { xids, seq }] of rows.batches) {
    const places = Array.from({ length: placesOfBlock }, (_, index) => `(${block},${index + 1})`)
    const seen = await client.query(
      `select ctid::text as place from ${table.quoted} where ctid = any($1::tid[]) and xmin::text = any($2)`,
      [places, [...xids].map(String)],
    )
    for (const { place } of placeRows.parse(seen.rows)) {
      const at = parsePlace(place)
      if (!rows.rows.has(at)) found.push({ table: table.name, place: at, op: 'insert', seq })
    }
  }
  return found
}

async function listEntries(client: pg.Client, table: Table, rows: TableRows): Promise<Entry[]> {
  const known = [...rows.rows].map(([place, { op, seq }]): Entry => ({ table: table.name, place, op, seq }))
  return [...known, ...(await findBatched(client, table, rows))].sort((a, b) => a.seq - b.seq || byPlace(a, b))
}

/** Within one record rows have no order of their own: block and line pointer give them one that stays. */
function byPlace(a: Entry, b: Entry): number {
  const [aBlock = 0, aOffset = 0] = a.place.split(',').map(Number)
  const [bBlock = 0, bOffset = 0] = b.place.split(',').map(Number)
  return aBlock - bBlock || aOffset - bOffset
}

async function readRows(client: pg.Client, table: Table, places: readonly Place[]): Promise<Map<string, string>> {
  const names = table.columns.map((name) => pg.escapeLiteral(name)).join(', ')
  const values = table.columns.map((name) => `t.${pg.escapeIdentifier(name)}::text`).join(', ')
  const found = await client.query(
    `select t.ctid::text as place, json_object(array[${names}]::text[], array[${values}]::text[])::text as row
       from ${table.quoted} t where t.ctid = any($1::tid[])`,
    [places.map((each) => `(${each})`)],
  )
  return new Map(valueRows.parse(found.rows).map(({ place, row }) => [parsePlace(place), row]))
}

type Listed = { tables: Map<string, Table>; about: StrandedTable[]; entries: Entry[] }

async function list(host: Host, client: pg.Client, request: AgentRequest<'strandedRows'>): Promise<Listed> {
  const catalog = await readCatalog(host)
  const { segmentBytes } = await host.readControl()
  const from = await firstReadable(host, request, segmentBytes)
  const ours = (file: string) => {
    const table = catalog.tables.get(file)
    return table !== undefined && !notTheService.has(table.schema)
  }
  const tracker = new RowTracker(ours, mostPlaces)
  if (from !== null) {
    const { lastEnd } = await readWal(host, request.forkTimeline, from, tracker)
    const replayed = catalog.replayedLsn === null ? 0n : lsnToBytes(catalog.replayedLsn)
    if (replayed + 64n < lastEnd) throw refused('the server has not replayed to the end of its WAL yet; ask again')
  }
  const listed: Listed = { tables: new Map(), about: [], entries: [] }
  for (const [file, rows] of tracker.files) {
    const named = catalog.tables.get(file)
    if (!named) continue
    const table = await describeTable(client, named.schema, named.name)
    const all = await listEntries(client, table, rows)
    const kept = all.slice(0, request.rowsPerTable)
    listed.tables.set(table.name, table)
    listed.entries.push(...kept)
    const cut = rows.cut || kept.length < all.length
    listed.about.push({ table: table.name, key: table.key, rows: kept.length, deleted: rows.deleted, cut })
  }
  listed.entries.sort((a, b) => a.seq - b.seq || a.table.localeCompare(b.table) || byPlace(a, b))
  listed.about.sort((a, b) => a.table.localeCompare(b.table))
  return listed
}

async function readPage(client: pg.Client, listed: Listed, from: number, to: number): Promise<StrandedRow[]> {
  const wanted = listed.entries.slice(from, to)
  const found = new Map<string, Map<string, string>>()
  for (const [name, table] of listed.tables) {
    const places = wanted.filter((each) => each.table === name).map((each) => each.place)
    if (places.length > 0) found.set(name, await readRows(client, table, places))
  }
  const page: StrandedRow[] = []
  let bytes = 0
  for (const [index, each] of wanted.entries()) {
    const text = found.get(each.table)?.get(each.place)
    const size = text === undefined ? 0 : Buffer.byteLength(text)
    if (page.length > 0 && bytes + size > pageBytes) break
    bytes += size
    const readable = text !== undefined && size <= pageBytes
    page.push({ table: each.table, seq: from + index, op: each.op, row: readable ? JSON.parse(text) : null })
  }
  return page
}

/** Reads only: places of rows from the WAL, their content from the tables of the read-only server itself. */
export async function strandedRows(
  host: Host,
  request: AgentRequest<'strandedRows'>,
): Promise<AgentResult<'strandedRows'>> {
  if ((await host.inRecovery()) !== true) {
    throw refused('rows are read from a server that runs read-only; start it through its agent first')
  }
  return await withSession(host.superuser(host.config.postgres.databaseName), queryTimeoutMs, async (client) => {
    await client.query(session)
    const listed = await list(host, client, request)
    const rows = await readPage(client, listed, request.offset, request.offset + request.limit)
    const reached = request.offset + rows.length
    return { rows, next: reached < listed.entries.length ? reached : null, tables: listed.about }
  })
}
