import type { MetricName, Sample } from '@/server/domain/series/catalogue'
import type { Grid, TierName } from '@/server/domain/series/tiers'
import type { Tx } from '../tx'

type Raw = Pick<Tx, '$queryRaw' | '$executeRaw'>

/** Held shared by who writes samples and alone by who moves the seal, so that each sample is either under the seal's rollup or marked late. */
const sealLock = 7_430_103

/** Names of series that are not in the dictionary yet. Taken in order, so that two workers cannot wait for each other. */
export async function addSeries(
  tx: Raw,
  samples: readonly Pick<Sample, 'service' | 'metric' | 'subject'>[],
): Promise<void> {
  const { services, metrics, subjects } = keysOf(samples)
  await tx.$executeRaw`
    INSERT INTO series (service_id, metric, subject)
    SELECT k.service, k.metric, k.subject
    FROM unnest(${services}::text[], ${metrics}::text[], ${subjects}::text[]) AS k(service, metric, subject)
    WHERE NOT EXISTS (SELECT FROM series s WHERE (s.service_id, s.metric, s.subject) = (k.service, k.metric, k.subject))
    ORDER BY 1, 2, 3
    ON CONFLICT DO NOTHING`
}

/** Makes the partitions that these instants fall into, where they are not there. */
export async function makePartitions(
  tx: Raw,
  tier: 'raw' | 'minute' | 'hour',
  instants: readonly string[],
): Promise<void> {
  await tx.$queryRaw`
    SELECT series_make_partition(${tier}, instant) FROM unnest(${[...instants]}::text[]::timestamptz[]) AS instant`
}

/** @returns names of the partitions that were past their keep and are gone */
export async function dropExpired(tx: Raw, tier: 'raw' | 'minute' | 'hour'): Promise<string[]> {
  const rows = await tx.$queryRaw<{ name: string }[]>`SELECT name FROM series_drop_expired(${tier}) AS name`
  return rows.map((row) => row.name)
}

/** Until the transaction ends, the seal stays where it is. */
export async function holdSeal(tx: Raw): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock_shared(${sealLock})`
}

/** Waits for the batches that are being written, and moves the seal forward: what is written from now on before `until` is late. */
export async function moveSeal(tx: Raw, until: Date): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(${sealLock})`
  await tx.$executeRaw`UPDATE series_progress SET sealed_until = ${until} WHERE id = 1 AND sealed_until < ${until}`
}

/** One statement for the batch: new samples, and a mark for each minute under the seal that got one. @returns how many were new */
export async function insertSamples(tx: Raw, samples: readonly Sample[]): Promise<number> {
  const { services, metrics, subjects, places } = keysOf(samples)
  const instants = samples.map((each) => each.at)
  const values = samples.map((each) => String(each.value))
  const rows = await tx.$queryRaw<{ written: number }[]>`
    WITH named AS (
      SELECT k.place, s.id
      FROM unnest(${services}::text[], ${metrics}::text[], ${subjects}::text[]) WITH ORDINALITY AS k(service, metric, subject, place)
      JOIN series s ON (s.service_id, s.metric, s.subject) = (k.service, k.metric, k.subject)
    ), written AS (
      INSERT INTO series_raw (series_id, at, value)
      SELECT n.id, i.at, i.value
      FROM unnest(${places}::int[], ${instants}::text[]::timestamptz[], ${values}::text[]::float8[]) AS i(place, at, value)
      JOIN named n ON n.place = i.place
      ORDER BY 1, 2
      ON CONFLICT DO NOTHING
      RETURNING series_id, at
    ), late AS (
      INSERT INTO series_late (series_id, minute)
      SELECT DISTINCT w.series_id, date_trunc('minute', w.at)
      FROM written w JOIN series_progress p ON w.at < p.sealed_until
    )
    SELECT count(*)::int AS written FROM written`
  return rows[0]?.written ?? 0
}

/** Each series once, and for each sample the place of its series, from 1. */
function keysOf(samples: readonly Pick<Sample, 'service' | 'metric' | 'subject'>[]) {
  const seen = new Map<string, number>()
  const keys: Pick<Sample, 'service' | 'metric' | 'subject'>[] = []
  const places = samples.map((each) => {
    const name = JSON.stringify([each.service, each.metric, each.subject])
    const place = seen.get(name) ?? keys.push(each)
    seen.set(name, place)
    return place
  })
  return {
    services: keys.map((each) => each.service),
    metrics: keys.map((each) => each.metric),
    subjects: keys.map((each) => each.subject),
    places,
  }
}

export type SeriesRow = { id: number; service: string; metric: MetricName; subject: string }
export type Progress = { sealedUntil: Date; minutesUntil: Date; hoursUntil: Date }

/** The series of services by metric, in the order of their names. */
export function findSeries(
  tx: Raw,
  filter: { services: readonly string[]; metrics: readonly MetricName[]; subject: string | null; limit: number },
): Promise<SeriesRow[]> {
  return tx.$queryRaw<SeriesRow[]>`
    SELECT id, service_id AS service, metric, subject FROM series
    WHERE service_id = ANY(${[...filter.services]}) AND metric = ANY(${[...filter.metrics]})
      AND (${filter.subject}::text IS NULL OR subject = ${filter.subject})
    ORDER BY service_id, metric, subject LIMIT ${filter.limit}`
}

export async function readProgress(tx: Raw): Promise<Progress> {
  const rows = await tx.$queryRaw<Progress[]>`
    SELECT sealed_until AS "sealedUntil", minutes_until AS "minutesUntil", hours_until AS "hoursUntil" FROM series_progress`
  const progress = rows[0]
  if (!progress) throw new Error('The row of the rollups’ progress is gone')
  return progress
}

/** One series folded into the buckets of a grid: only those that have samples, in columns. */
export type Folded = { id: number; buckets: number[]; avg: number[]; min: number[]; max: number[] }

/**
 * Folds series into a grid's buckets: from the grid's tier as far as its rollups are, from there on from the finer ones, so that what was just measured is
 * never missing. The progress may be older than the rollups: finer tiers hold all that coarser ones do, later than any progress.
 */
export function foldSeries(tx: Raw, ids: readonly number[], grid: Grid, progress: Progress): Promise<Folded[]> {
  const hoursTo = boundary(grid, grid.tier === '1h' ? progress.hoursUntil.getTime() : grid.fromMs)
  const minutesTo = boundary(grid, grid.tier === 'raw' ? grid.fromMs : progress.minutesUntil.getTime(), hoursTo)
  const [from, to, step] = [new Date(grid.fromMs), new Date(grid.toMs), grid.stepMs / 1000]
  return tx.$queryRaw<Folded[]>`
    WITH folded AS (
      SELECT series_id, date_bin(make_interval(secs => ${step}::float8), at, ${from}::timestamptz) AS bucket,
             sum(sum) / sum(count) AS avg, min(min) AS min, max(max) AS max
      FROM (
        SELECT series_id, at, sum, count, min, max FROM series_hour
        WHERE series_id = ANY(${[...ids]}::int[]) AND at >= ${from}::timestamptz AND at < ${hoursTo}::timestamptz
        UNION ALL
        SELECT series_id, at, sum, count, min, max FROM series_minute
        WHERE series_id = ANY(${[...ids]}::int[]) AND at >= ${hoursTo}::timestamptz AND at < ${minutesTo}::timestamptz
        UNION ALL
        SELECT series_id, at, value, 1, value, value FROM series_raw
        WHERE series_id = ANY(${[...ids]}::int[]) AND at >= ${minutesTo}::timestamptz AND at < ${to}::timestamptz
      ) AS parts
      GROUP BY 1, 2
    )
    SELECT series_id AS id, array_agg((extract(epoch FROM bucket - ${from}::timestamptz) / ${step}::float8)::int) AS buckets,
           array_agg(avg) AS avg, array_agg(min) AS min, array_agg(max) AS max
    FROM folded GROUP BY series_id`
}

function boundary(grid: Grid, ms: number, least = new Date(grid.fromMs)): Date {
  return new Date(Math.min(grid.toMs, Math.max(least.getTime(), ms)))
}

export type Newest = { id: number; at: Date; value: number }

/** The newest value of each series, however old; none for a series without any. */
export async function newestValues(tx: Raw, ids: readonly number[]): Promise<Newest[]> {
  const found: Newest[] = []
  for (const tier of ['raw', '1m', '1h'] as const) {
    const missing = ids.filter((id) => !found.some((each) => each.id === id))
    if (missing.length > 0) found.push(...(await newestOf(tx, tier, missing)))
  }
  return found
}

function newestOf(tx: Raw, tier: TierName, ids: readonly number[]): Promise<Newest[]> {
  const wanted = [...ids]
  switch (tier) {
    case 'raw':
      return tx.$queryRaw<Newest[]>`
        SELECT w.id, n.at, n.value FROM unnest(${wanted}::int[]) AS w(id)
        CROSS JOIN LATERAL (SELECT at, value FROM series_raw WHERE series_id = w.id ORDER BY at DESC LIMIT 1) AS n`
    case '1m':
      return tx.$queryRaw<Newest[]>`
        SELECT w.id, n.at + n.last_offset_ms * interval '1 millisecond' AS at, n.last AS value FROM unnest(${wanted}::int[]) AS w(id)
        CROSS JOIN LATERAL (SELECT * FROM series_minute WHERE series_id = w.id ORDER BY at DESC LIMIT 1) AS n`
    case '1h':
      return tx.$queryRaw<Newest[]>`
        SELECT w.id, n.at + n.last_offset_ms * interval '1 millisecond' AS at, n.last AS value FROM unnest(${wanted}::int[]) AS w(id)
        CROSS JOIN LATERAL (SELECT * FROM series_hour WHERE series_id = w.id ORDER BY at DESC LIMIT 1) AS n`
  }
}
