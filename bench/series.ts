import { createDb, type Db } from '@/server/db/client'
import type { MetricName } from '@/server/domain/series/catalogue'
import { dayMs } from '@/server/domain/series/tiers'
import { getSeriesOperation } from '@/server/http/operations/series'
import { seriesView } from '@/server/queries/dto/series'
import { getSparklines } from '@/server/queries/series'
import type { Context } from '@/server/services/context'
import { recordSamples } from '@/server/services/series/record-samples'
import { rollUp } from '@/server/services/series/roll-up'
import { describeStep } from '@/server/steps/catalog'
import { startTestDatabase } from '@/server/testing/postgres'
import { type Generated, generateSeries, wideSeries, wideService } from './series-data'
import { showTail, summarise } from './stats'

const rounds = 40
const overviewBudgetMs = 200
const chartBudgetMs = 300
const chartBudgetBytes = 50_000

type Row = { question: string; ms: number[]; bytes: number; budgetMs: number; points: number; resolution: string }

/** How fast charts are read from a control database with a year of series in it, how many bytes they are, and what a series takes on the disk. */
export async function reportSeries(services: number): Promise<string> {
  const server = await startTestDatabase(81)
  const db = createDb(server.url, { max: 10, kept: 4 })
  try {
    const generated = await generateSeries(server, services)
    const ctx = contextOf(db)
    const rows = [await overview(ctx, services)]
    for (const from of ['now-6h', 'now-7d', 'now-90d', 'now-1y']) {
      rows.push(await chart(ctx, 'one series', from, { service: wideService, subject: 'name-1' }))
      rows.push(await chart(ctx, `${wideSeries} series`, from, { service: wideService }))
    }
    rows.push(await chart(ctx, 'one series of any service', 'now-1y', { anyOf: services }))
    const work = await upkeep(ctx, services)
    return text(generated, rows, work, await spike(ctx), await storage(db))
  } finally {
    await db.$disconnect()
    await server.stop()
  }
}

function contextOf(db: Db): Context {
  return {
    db,
    clock: { now: () => Date.now(), sleep: () => Promise.resolve() },
    actor: { type: 'system', id: 'bench' },
    grants: [{ role: 'viewer', service: '*' }],
    describeStep,
    enqueueRun: () => Promise.resolve(),
  }
}

async function overview(ctx: Context, services: number): Promise<Row> {
  const ms: number[] = []
  let bytes = 0
  let points = 0
  for (let round = 0; round < rounds; round += 1) {
    const some = Array.from({ length: 20 }, () => `bench-${1 + Math.floor(Math.random() * services)}`)
    const begun = performance.now()
    const read = await getSparklines(ctx, {
      services: some,
      metric: 'replication.lag-seconds',
      forMs: 6 * 3_600_000,
      points: 100,
    })
    const body = JSON.stringify(read)
    ms.push(performance.now() - begun)
    bytes = Math.max(bytes, body.length)
    points = read.lines[0]?.max.length ?? 0
  }
  return { question: 'overview: 20 sparklines of 6 h', ms, bytes, points, resolution: '1m', budgetMs: overviewBudgetMs }
}

/** Through the operation as HTTP calls it: the query parsed, the right service looked up, the answer serialised. Signing in is not in it. */
async function chart(
  ctx: Context,
  what: string,
  from: string,
  of: { service: string; subject?: string } | { anyOf: number },
): Promise<Row> {
  const ms: number[] = []
  let bytes = 0
  let view = { points: 0, resolution: '' }
  for (let round = 0; round < rounds; round += 1) {
    const service = 'anyOf' in of ? `bench-${1 + Math.floor(Math.random() * of.anyOf)}` : of.service
    const query = { metrics: 'probe.latency-ms', from, ...('subject' in of ? { subject: of.subject } : {}) }
    const begun = performance.now()
    const answer = await getSeriesOperation.invoke?.(ctx, { params: { service }, query, body: undefined }, request)
    const body = JSON.stringify(answer)
    ms.push(performance.now() - begun)
    bytes = Math.max(bytes, body.length)
    const { series, resolution } = seriesView.parse(answer)
    view = { points: series[0]?.avg.length ?? 0, resolution }
  }
  const range = from.replace('now-', '').replace('1y', '1 year')
  return { question: `${what}, ${range}`, ms, bytes, ...view, budgetMs: chartBudgetMs }
}

const request = new Request('http://bench.invalid/')

type Upkeep = { batchMs: number[]; batch: number; rollUpMs: number; rolled: number }

/** A minute of samples of every series at 5 s, in batches of a second's worth, as the workers write them; then their rollup. */
async function upkeep(ctx: Context, services: number): Promise<Upkeep> {
  const beginMs = Math.floor(Date.now() / 60_000) * 60_000 - 120_000
  const batchMs: number[] = []
  let rolled = 0
  const batch = Math.min(services * 2, 2_000)
  // Any earlier minute without samples is rolled up first, so that the one measured is this one.
  await rollUp({ ...ctx, clock: { ...ctx.clock, now: () => beginMs + 20_000 } })
  for (let second = 0; second < 60; second += 1) {
    const samples = Array.from({ length: batch }, (_, index) => {
      // A fifth of the series each second: each has a sample every five.
      const place = (second % 5) * batch + index
      return {
        service: `bench-${1 + (Math.floor(place / 10) % services)}`,
        metric: benchMetrics[place % 10] ?? 'probe.up',
        subject: 'db-us-west',
        at: new Date(beginMs + second * 1_000).toISOString(),
        value: Math.random(),
      }
    })
    const begun = performance.now()
    rolled += (await recordSamples(ctx, samples)).written
    batchMs.push(performance.now() - begun)
  }
  const begun = performance.now()
  await rollUp({ ...ctx, clock: { ...ctx.clock, now: () => beginMs + 80_000 } })
  return { batchMs, batch, rollUpMs: performance.now() - begun, rolled }
}

const benchMetrics: readonly MetricName[] = [
  'replication.lag-seconds',
  'replication.lag-bytes',
  'replication.state',
  'postgres.role',
  'postgres.wal-rate',
  'host.disk-free-ratio',
  'host.clock-skew-ms',
  'probe.up',
  'probe.latency-ms',
  'cache.latency-ms',
]

/** One late sample of five seconds, three days back, written and rolled up like every other: what the chart of a year then shows as the greatest value. */
async function spike(ctx: Context): Promise<{ written: number; shown: number }> {
  const value = 9_876
  const at = new Date(Date.now() - 3 * dayMs + 1_234).toISOString()
  await recordSamples(ctx, [{ service: wideService, metric: 'probe.latency-ms', subject: 'name-1', at, value }])
  await rollUp(ctx)
  const query = { metrics: 'probe.latency-ms', from: 'now-1y', subject: 'name-1' }
  const answer = await getSeriesOperation.invoke?.(
    ctx,
    { params: { service: wideService }, query, body: undefined },
    request,
  )
  const [line] = seriesView.parse(answer).series
  return { written: value, shown: Math.max(...(line?.max ?? []).map((each) => each ?? 0)) }
}

type Tier = { tier: string; rows: number; bytes: number; rowsPerDay: number }

async function storage(db: Db): Promise<Tier[]> {
  const found = await db.$queryRaw<{ tier: string; rows: number; bytes: number }[]>`
    SELECT p.parent AS tier, sum(c.reltuples)::float8 AS rows, sum(pg_total_relation_size(c.oid))::float8 AS bytes
    FROM unnest('{series_raw,series_minute,series_hour}'::text[]) AS p(parent)
    JOIN pg_inherits i ON i.inhparent = p.parent::regclass
    JOIN pg_class c ON c.oid = i.inhrelid AND c.reltuples > 1000
    GROUP BY 1`
  const perDay: Record<string, number> = { series_raw: 17_280, series_minute: 1_440, series_hour: 24 }
  return found
    .map((each) => ({ ...each, rowsPerDay: perDay[each.tier] ?? 0 }))
    .sort((a, b) => b.rowsPerDay - a.rowsPerDay)
}

const met = (good: boolean): string => (good ? 'met' : '**missed**')

function text(
  generated: Generated,
  rows: Row[],
  work: Upkeep,
  seen: { written: number; shown: number },
  tiers: Tier[],
): string {
  const questions = rows.map((row) => {
    const ms = summarise(row.ms)
    const chartBytes =
      row.budgetMs === chartBudgetMs ? `${chartBudgetBytes / 1000} KB: ${met(row.bytes <= chartBudgetBytes)}` : '–'
    return `| ${row.question} | ${row.resolution} | ${row.points} | ${showTail(ms, 1)} | ${row.budgetMs} ms: ${met(ms.p95 < row.budgetMs)} | ${(row.bytes / 1000).toFixed(1)} | ${chartBytes} |`
  })
  const kept = tiers.map((each) => {
    const row = each.bytes / each.rows
    return `| ${each.tier} | ${Math.round(each.rows)} | ${(each.bytes / 1e6).toFixed(0)} MB | ${row.toFixed(0)} | ${((row * each.rowsPerDay) / 1000).toFixed(1)} kB |`
  })
  const made = Object.entries(generated.rows).map(([name, count]) => `${(count / 1e6).toFixed(1)} million ${name}`)
  return `## Time series

${generated.services} services with ${generated.series} series. **Generated** by SQL in the database, not collected: ${made.join(', ')}; it took ${generated.seconds.toFixed(0)} s. Hours are
there for every series; minutes of 89 days for 70 of them and of six hours for the others, raw samples of six days for the ${wideSeries} of one service. PostgreSQL with 32 MB of shared buffers, most of it read from
the system's page cache. Milliseconds are **median** / p95 / max of ${rounds}; charts are asked through the API's operation (query parsed, answer serialised; without signing in and the network).

| question | tier | points each | ms | p95 budget | KB | budget |
| --- | --- | --- | --- | --- | --- | --- |
${questions.join('\n')}

| written and rolled up | ms |
| --- | --- |
| a batch of ${work.batch} samples (a second's worth at 5 s) | ${showTail(summarise(work.batchMs), 1)} |
| rollup of the minute they make (${work.rolled} samples) | **${work.rollUpMs.toFixed(0)}** |

A single sample of ${seen.written}, written late into last week, is ${seen.shown === Number(seen.written.toPrecision(5)) ? 'the greatest value that the chart of a year shows: met' : `**not seen**: the chart of a year shows ${seen.shown}`}.

| table | rows | on disk, with index | bytes a row | a series-day |
| --- | --- | --- | --- | --- |
${kept.join('\n')}

A series-day of raw is at a sample each 5 s. Beside it, measured elsewhere on a machine of this size: a plain PostgreSQL hourly rollup answered 365 days of 20 series, by day, in 75 ms, and Prometheus 2.42 in 576 ms
with the average alone.
`
}
