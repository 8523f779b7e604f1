import { z } from 'zod'
import type { Db } from '@/server/db/client'
import { csvLine } from '@/server/domain/csv'
import { keptTable } from '@/server/domain/plan/failback-steps'
import { may } from '@/server/domain/rights'
import type { Context } from '@/server/services/context'
import { ServiceError } from '@/server/services/errors'
import { notFound, requireFound, servicesWith } from './access'
import { type DivergenceView, divergenceDecisions, type StrandedRowView } from './dto/divergence'
import { countMerged, dealtWith, type MergedCount, mergedCounts, readOutcomes } from './merge-outcomes'
import { iso, memberOr, whoText } from './read'
import { badCursor } from './runs'

const include = { decisions: true, _count: { select: { rows: true } } } as const
const findOne = (db: Db, id: string) => db.divergence.findUnique({ where: { id }, include })
type Row = NonNullable<Awaited<ReturnType<typeof findOne>>>

/** How many are listed: one a failback, so this is years. */
const most = 100

/** What was kept of returned servers of a service, newest first. */
export async function listDivergences(ctx: Context, service: string): Promise<{ items: DivergenceView[] }> {
  const readable = servicesWith(ctx.grants, 'incident.read')
  if (readable && !readable.includes(service)) return { items: [] }
  const rows = await ctx.db.divergence.findMany({
    where: { serviceId: service },
    include,
    orderBy: { createdAt: 'desc' },
    take: most,
  })
  const outcomes = await countMerged(
    ctx.db,
    rows.map((row) => row.id),
  )
  return { items: rows.map((row) => view(ctx, row, outcomes)) }
}

/** @throws ServiceError not-found */
export async function getDivergence(ctx: Context, id: string): Promise<DivergenceView> {
  const row = requireFound(ctx, 'incident.read', 'divergence', await findOne(ctx.db, id))
  return view(ctx, row, await countMerged(ctx.db, [id]))
}

function view(ctx: Context, row: Row, outcomes: readonly MergedCount[]): DivergenceView {
  const tables = z.array(keptTable).parse(row.tables)
  const decided = new Map(row.decisions.map((each) => [each.tableName, each]))
  const mergedOf = (table: string) => mergedCounts(outcomes, row.id, table)
  return {
    id: row.id,
    service: row.serviceId,
    serverId: row.serverId,
    region: row.region,
    runId: row.runId,
    incidentId: row.incidentId,
    forkLsn: row.forkLsn,
    forkTimeline: row.forkTimeline,
    endLsn: row.endLsn,
    bytes: Number(row.bytes),
    transactions: row.transactions,
    lastCommitAt: iso(row.lastCommitAt),
    complete: row.complete,
    keptAt: iso(row.keptAt),
    rows: row._count.rows,
    tables: tables.map((each) => {
      const found = decided.get(each.table)
      const decision = found && {
        decision: memberOr(divergenceDecisions, found.decision, 'keep' as const),
        reason: found.reason,
        by: whoText(found.decidedBy),
        at: iso(found.decidedAt),
      }
      return { ...each, merged: mergedOf(each.table), decision: decision ?? null }
    }),
    undecided: tables.filter((each) => !decided.has(each.table)).length,
    resolved:
      row.keptAt !== null &&
      tables.every(({ table, kept }) => {
        const decision = decided.get(table)?.decision
        return decision === 'drop' || (decision === 'merge' && dealtWith(mergedOf(table)) >= kept)
      }),
    can: capabilities(ctx, row.serviceId),
  }
}

function capabilities(ctx: Context, service: string): DivergenceView['can'] {
  const allowed = may(ctx.grants, 'run.control', service)
  const reason = allowed ? null : 'This needs the operator or admin role on this service.'
  const mayRequest = may(ctx.grants, 'run.request', service)
  const requestMerge = { allowed: mayRequest, reason: mayRequest ? null : 'You may not ask for runs of this service.' }
  return { decide: { allowed, reason }, readRows: { allowed, reason }, requestMerge }
}

type RowFilter = { id: string; table?: string }

/**
 * Rows of a divergence, in the order in which they were written. They are the service's own data, so who reads them has to be someone who works on it.
 * @throws ServiceError not-found, forbidden, invalid
 */
export async function listStrandedRows(
  ctx: Context,
  filter: RowFilter & { cursor?: string; limit: number },
): Promise<{ items: StrandedRowView[]; nextCursor: string | null }> {
  await requireReader(ctx, filter.id)
  if (filter.cursor !== undefined && !/^\d{1,9}$/.test(filter.cursor)) throw badCursor()
  const rows = await readRows(
    ctx.db,
    filter,
    filter.cursor === undefined ? -1 : Number(filter.cursor),
    filter.limit + 1,
  )
  const shown = rows.slice(0, filter.limit)
  const last = shown.at(-1)
  return { items: shown, nextCursor: rows.length > filter.limit && last ? String(last.seq) : null }
}

async function requireReader(ctx: Context, id: string): Promise<void> {
  const row = await ctx.db.divergence.findUnique({ where: { id }, select: { serviceId: true } })
  if (!row || !may(ctx.grants, 'incident.read', row.serviceId)) throw notFound('divergence')
  if (may(ctx.grants, 'run.control', row.serviceId)) return
  throw new ServiceError(
    'forbidden',
    'The rows are data of the service: reading them needs the role operator or admin on it.',
    'Nothing was read.',
    'The counts can be read without it; ask someone with that role for the rows.',
  )
}

const values = z.record(z.string(), z.string().nullable())

async function readRows(db: Db, { id, table }: RowFilter, after: number, take: number): Promise<StrandedRowView[]> {
  const rows = await db.strandedRow.findMany({
    where: { divergenceId: id, seq: { gt: after }, ...(table && { tableName: table }) },
    orderBy: { seq: 'asc' },
    take,
  })
  const outcomes = await readOutcomes(
    db,
    id,
    rows.map((each) => each.seq),
  )
  return rows.map((each) => ({
    seq: each.seq,
    table: each.tableName,
    op: each.op,
    row: each.row === null ? null : values.parse(each.row),
    ...(outcomes.get(each.seq) ?? { outcome: null, note: null }),
  }))
}

const batchSize = 1000

/** Every row, a batch at a time. The caller is checked before anything is sent. */
async function* batches(ctx: Context, filter: RowFilter): AsyncGenerator<StrandedRowView[]> {
  for (let after = -1; ; ) {
    const rows = await readRows(ctx.db, filter, after, batchSize)
    if (rows.length > 0) yield rows
    const last = rows.at(-1)
    if (!last || rows.length < batchSize) return
    after = last.seq
  }
}

/**
 * The rows as a file. CSV is one table at a time, since tables have different columns; JSON is one object a line.
 * @throws ServiceError not-found, forbidden, invalid
 */
export async function exportStrandedRows(
  ctx: Context,
  filter: RowFilter & { format: 'csv' | 'ndjson' },
): Promise<AsyncGenerator<string>> {
  await requireReader(ctx, filter.id)
  if (filter.format === 'ndjson') return ndjson(ctx, filter)
  if (filter.table !== undefined) return csv(ctx, filter)
  throw new ServiceError(
    'invalid',
    'CSV is one table at a time, since tables have different columns.',
    'Nothing was read.',
    'Name the table, or ask for format=ndjson.',
  )
}

async function* ndjson(ctx: Context, filter: RowFilter): AsyncGenerator<string> {
  for await (const rows of batches(ctx, filter)) yield rows.map((each) => `${JSON.stringify(each)}\n`).join('')
}

async function* csv(ctx: Context, filter: RowFilter): AsyncGenerator<string> {
  let columns: string[] | null = null
  for await (const rows of batches(ctx, filter)) {
    if (columns === null) {
      columns = Object.keys(rows.find((each) => each.row !== null)?.row ?? {})
      yield csvLine(['lifeboat_op', 'lifeboat_outcome', 'lifeboat_note', ...columns])
    }
    const names = columns
    yield rows
      .map(({ op, outcome, note, row }) => csvLine([op, outcome, note, ...names.map((name) => row?.[name] ?? null)]))
      .join('')
  }
}
