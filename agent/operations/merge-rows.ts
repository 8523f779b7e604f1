import pg from 'pg'
import { z } from 'zod'
import type { AgentRequest, AgentResult } from '@/server/domain/agent-protocol'
import { AgentError, failed, refused } from '../agent-error'
import { recordGeneration, refuseStale } from '../generation'
import type { Host } from '../host'
import { expectSameColumns, findMergeTable, type MergeTable } from '../merge-table'
import { type SessionTarget, sqlState, withSession } from '../session'

type Request = AgentRequest<'mergeRows'>
type Row = Request['rows'][number]
type Outcome = AgentResult<'mergeRows'>['outcomes'][number]

/** Values as they were written down, whatever the server's own settings are; and no deferred constraint waits for the commit. */
const session = [
  "set local timezone = 'UTC'",
  "set local datestyle = 'ISO, YMD'",
  "set local intervalstyle = 'iso_8601'",
  "set local bytea_output = 'hex'",
  'set local extra_float_digits = 1',
  "set local lock_timeout = '2s'",
  'set constraints all immediate',
]
/** Below the service's own data: which kept row was put in by which run. It goes with every copy of the database. */
const marks = `create table if not exists lifeboat.merged_row (
  divergence_id text not null, seq integer not null, table_name text not null, run_id text not null,
  at timestamptz not null default clock_timestamp(), primary key (divergence_id, seq))`
/** Any number that all callers share. */
const marksLock = 7_263_087
/** A sequence that is further behind is set by a person. */
const mostSequenceSteps = 1_000_000

/** The guards, under the lock that all operations share; the rows themselves must not keep a fence waiting. */
export async function admitMerge(host: Host, request: Request): Promise<void> {
  refuseStale(host, request.generation)
  await host.expectSystem(request.expectSystemIdentifier)
  if (host.state.current.fence !== null || host.directory.hasStandbySignal)
    throw refused('this server is fenced or held read-only; nothing was inserted')
  if ((await host.inRecovery()) !== false) throw refused('this server is not a running primary; nothing was inserted')
  await recordGeneration(host, request.generation)
}

/** 22: a value does not fit · 23: a constraint says no · 42: a type or right is missing · P0001: a trigger refuses. All are about this row. */
const aboutTheRow = /^(22|23|42|P0)/

function refusalOf(seq: number, error: unknown): Outcome {
  const code = sqlState(error)
  if (code === null || !aboutTheRow.test(code)) throw error
  const constraint = error instanceof pg.DatabaseError ? error.constraint : undefined
  const note = constraint ? `refused by ${constraint} (${code})` : `refused by the table (${code})`
  return { seq, outcome: 'refused', note, waitsForAnother: code === '23503' }
}

async function compareKept(client: pg.Client, table: MergeTable, { seq, row }: Row): Promise<Outcome> {
  const names = Object.keys(row)
  const where = table.key.map((name, index) => {
    const type = table.columns.get(name)?.type ?? 'text'
    return `t.${pg.escapeIdentifier(name)} = $${index + 1}::${type}`
  })
  const found = await client.query({
    text: `select ${names.map((name) => `t.${pg.escapeIdentifier(name)}::text`).join(', ')} from ${table.quoted} t where ${where.join(' and ')}`,
    values: table.key.map((name) => row[name] ?? null),
    rowMode: 'array',
  })
  const [there] = z.array(z.array(z.string().nullable())).parse(found.rows)
  const outcome = (kind: Outcome['outcome'], note: string | null): Outcome => ({
    ...{ seq, outcome: kind, note, waitsForAnother: false },
  })
  if (!there) return outcome('conflicting', 'another row has a value that has to be unique')
  const differs = names.filter((name, index) => there[index] !== row[name])
  if (differs.length === 0) return outcome('identical', null)
  return outcome('conflicting', `the primary has this key with another ${differs.join(', ')}`)
}

/** One row in a savepoint of its own, as the table's owner: its triggers get no more rights than the owner has. */
async function mergeRow(client: pg.Client, table: MergeTable, request: Request, row: Row): Promise<Outcome> {
  const { seq } = row
  await client.query('savepoint one')
  try {
    const marked = await client.query(
      'insert into lifeboat.merged_row (divergence_id, seq, table_name, run_id) values ($1, $2, $3, $4) on conflict do nothing',
      [request.divergenceId, seq, request.table, request.runId],
    )
    if (marked.rowCount === 0) return { seq, outcome: 'inserted', note: null, waitsForAnother: false }
    const names = Object.keys(row.row).filter((name) => table.columns.get(name)?.generated === false)
    const values = names.map((name, index) => `$${index + 1}::${table.columns.get(name)?.type ?? 'text'}`)
    await client.query(`set local role ${table.owner}`)
    const inserted = await client.query(
      `insert into ${table.quoted} (${names.map((name) => pg.escapeIdentifier(name)).join(', ')}) overriding system value
       values (${values.join(', ')}) on conflict do nothing`,
      names.map((name) => row.row[name] ?? null),
    )
    if (inserted.rowCount === 1) {
      await client.query('reset role')
      return { seq, outcome: 'inserted', note: null, waitsForAnother: false }
    }
    await client.query('rollback to savepoint one')
    return await compareKept(client, table, row)
  } catch (error) {
    const refusal = refusalOf(seq, error)
    await client.query('rollback to savepoint one')
    return refusal
  } finally {
    await client.query('release savepoint one').catch(() => undefined)
  }
}

const positions = z.tuple([z.object({ steps: z.coerce.number() })])

/** An id that was put in is not issued again: only ever forward, before the rows are there for anyone to see. */
async function moveSequences(client: pg.Client, table: MergeTable): Promise<void> {
  for (const [name, { sequence }] of table.columns) {
    if (sequence === null) continue
    const found = await client.query(
      `select greatest(0, ceil((coalesce((select max(t.${pg.escapeIdentifier(name)}) from ${table.quoted} t), 0)
                - coalesce(pg_sequence_last_value($1::regclass), s.seqstart - s.seqincrement))::numeric / s.seqincrement)) as steps
         from pg_sequence s where s.seqrelid = $1::regclass and s.seqincrement > 0`,
      [sequence],
    )
    if (found.rows.length === 0) continue
    const [{ steps }] = positions.parse(found.rows)
    if (steps > mostSequenceSteps)
      throw refused(
        `the sequence of column ${name} is ${steps} ids behind these rows; set it first. Nothing was inserted`,
      )
    if (steps > 0)
      await client.query('select max(nextval($1::regclass)) from generate_series(1, $2)', [sequence, steps])
  }
}

async function mergeAll(client: pg.Client, request: Request): Promise<AgentResult<'mergeRows'>> {
  // Two that come first at once would both make the table, and one of them fail.
  await client.query('begin')
  await client.query('select pg_advisory_xact_lock($1)', [marksLock])
  await client.query(marks)
  await client.query('commit')
  await client.query('begin isolation level read committed')
  for (const statement of session) await client.query(statement)
  const table = await findMergeTable(client, request.table, request.key)
  for (const { row } of request.rows) expectSameColumns(table, request.table, row)
  const outcomes: Outcome[] = []
  for (const row of request.rows) outcomes.push(await mergeRow(client, table, request, row))
  if (outcomes.some((each) => each.outcome === 'inserted')) await moveSequences(client, table)
  await client.query('commit')
  return { outcomes }
}

/**
 * Puts rows in that are not there, all of a call or none, and never changes one that is. Safe to repeat: a mark in the same transaction says which kept row was put in,
 * so a second call neither inserts it twice nor brings back what someone has deleted since.
 */
export async function mergeRows(target: SessionTarget, request: Request): Promise<AgentResult<'mergeRows'>> {
  try {
    return await withSession(target, request.deadlineMs, (client) => mergeAll(client, request))
  } catch (error) {
    if (error instanceof AgentError) throw error
    throw failed('the rows were not put in in time, or the server went away meanwhile; it can be asked again', error)
  }
}
