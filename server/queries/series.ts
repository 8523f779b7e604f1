import {
  type Folded,
  findSeries,
  foldSeries,
  type Newest,
  newestValues,
  readProgress,
  type SeriesRow,
} from '@/server/db/repositories/series'
import { type MetricName, metrics } from '@/server/domain/series/catalogue'
import { parseRange, type Range } from '@/server/domain/series/range'
import { type Grid, gridOf, pointsEach } from '@/server/domain/series/tiers'
import type { Context } from '@/server/services/context'
import { ServiceError } from '@/server/services/errors'
import { notFound, servicesWith } from './access'
import type { SeriesView } from './dto/series'

type SeriesFilter = {
  metrics: readonly MetricName[]
  subject: string | null
  /** `now-6h`, `now`, or an instant. */
  from: string
  to: string
  /** The most of each series; fewer when many series share an answer. */
  points: number
}

/** More lines than this nobody can tell apart, and each would be left with too few points. */
const mostSeries = 100

/** Series of a service over a range, in the buckets that fit. @throws ServiceError not-found, invalid */
export async function getSeries(ctx: Context, service: string, filter: SeriesFilter): Promise<SeriesView> {
  await requireService(ctx, service)
  const range = rangeOf(ctx, filter.from, filter.to)
  const rows = await findSeries(ctx.db, {
    services: [service],
    metrics: filter.metrics,
    subject: filter.subject,
    limit: mostSeries + 1,
  })
  if (rows.length > mostSeries) throw tooMany()
  const grid = gridOf(range, pointsEach(filter.points, rows.length), ctx.clock.now())
  return { ...gridView(grid), series: (await readAll(ctx, rows, grid)).map((each) => columns(each, grid)) }
}

/** A line a service for a list, in which only the worst of each bucket counts. */
type Sparkline = {
  service: string
  subject: string
  last: SeriesView['series'][number]['last']
  max: (number | null)[]
}

/**
 * One metric of many services over the time up to now, in one read: for the small charts of a list. Services that the caller may not read are left out.
 * @param forMs how far back
 */
export async function getSparklines(
  ctx: Context,
  wanted: { services: readonly string[]; metric: MetricName; forMs: number; points: number },
): Promise<{ from: string; stepMs: number; lines: Sparkline[] }> {
  const readable = servicesWith(ctx.grants, 'service.read')
  const services = wanted.services.filter((each) => !readable || readable.includes(each))
  const nowMs = ctx.clock.now()
  const grid = gridOf({ fromMs: nowMs - wanted.forMs, toMs: nowMs }, wanted.points, nowMs)
  const rows = await findSeries(ctx.db, { services, metrics: [wanted.metric], subject: null, limit: 10_000 })
  const lines = (await readAll(ctx, rows, grid)).map((each) => {
    const { last, max } = columns(each, grid)
    return { service: each.row.service, subject: each.row.subject, last, max }
  })
  return { from: gridView(grid).from, stepMs: grid.stepMs, lines }
}

/** @throws ServiceError not-found, also for what the caller may not read */
export async function requireService(ctx: Context, service: string): Promise<void> {
  const readable = servicesWith(ctx.grants, 'service.read')
  const exists = await ctx.db.service.count({ where: { id: service } })
  if (exists === 0 || (readable && !readable.includes(service))) throw notFound('service')
}

/** @throws ServiceError invalid */
export function rangeOf(ctx: Pick<Context, 'clock'>, from: string, to: string): Range {
  const range = parseRange(from, to, ctx.clock.now())
  if ('problem' in range) throw new ServiceError('invalid', range.problem, 'Nothing was read.', range.nextStep)
  return range
}

type Read = { row: SeriesRow; folded: Folded | undefined; newest: Newest | undefined }

async function readAll(ctx: Context, rows: readonly SeriesRow[], grid: Grid): Promise<Read[]> {
  if (rows.length === 0) return []
  const ids = rows.map((row) => row.id)
  const [folded, newest] = await Promise.all([
    readProgress(ctx.db).then((progress) => foldSeries(ctx.db, ids, grid, progress)),
    newestValues(ctx.db, ids),
  ])
  const foldedOf = new Map(folded.map((each) => [each.id, each]))
  const newestOf = new Map(newest.map((each) => [each.id, each]))
  return rows.map((row) => ({ row, folded: foldedOf.get(row.id), newest: newestOf.get(row.id) }))
}

function columns({ row, folded, newest }: Read, grid: Grid): SeriesView['series'][number] {
  const spread = (values: readonly number[] | undefined): (number | null)[] => {
    const column = new Array<number | null>(grid.count).fill(null)
    folded?.buckets.forEach((bucket, index) => {
      column[bucket] = short(values?.[index])
    })
    return column
  }
  return {
    metric: row.metric,
    subject: row.subject,
    unit: metrics[row.metric].unit,
    last: newest ? { at: newest.at.toISOString(), value: newest.value } : null,
    avg: spread(folded?.avg),
    min: spread(folded?.min),
    max: spread(folded?.max),
  }
}

/** Five significant digits: more than a chart can show, and half the bytes. Rounding keeps min ≤ avg ≤ max. */
function short(value: number | undefined): number | null {
  return value === undefined ? null : Number(value.toPrecision(5))
}

function gridView(grid: Grid): Pick<SeriesView, 'from' | 'to' | 'stepMs' | 'resolution'> {
  return {
    from: new Date(grid.fromMs).toISOString(),
    to: new Date(grid.toMs).toISOString(),
    stepMs: grid.stepMs,
    resolution: grid.tier,
  }
}

function tooMany(): ServiceError {
  return new ServiceError(
    'invalid',
    `More than ${mostSeries} series match.`,
    'Nothing was read.',
    'Name fewer metrics, or one subject.',
  )
}
