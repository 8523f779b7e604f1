import { Prisma } from '../generated/client'
import type { Tx } from '../tx'

type Raw = Pick<Tx, '$queryRaw' | '$executeRaw'>
type Bounds = { from: Date; to: Date }

/** One worker rolls up at a time: two would do the same work twice, and could put an older sum over a newer one. */
const rollupLock = 7_430_104

/** Until the transaction ends; false when another worker has it. */
export async function tryRollupLock(tx: Raw): Promise<boolean> {
  const rows = await tx.$queryRaw<{ held: boolean }[]>`SELECT pg_try_advisory_xact_lock(${rollupLock}) AS held`
  return rows[0]?.held === true
}

/** Rolls the raw samples of all series between two whole minutes up, and moves the progress there. */
export async function rollMinutes(tx: Raw, { from, to }: Bounds): Promise<void> {
  await writeMinutes(tx, Prisma.sql`SELECT id, ${from}::timestamptz, ${to}::timestamptz FROM series`)
  await tx.$executeRaw`UPDATE series_progress SET minutes_until = ${to} WHERE id = 1`
}

/** Rolls the minutes of all series between two whole hours up, and moves the progress there. */
export async function rollHours(tx: Raw, { from, to }: Bounds): Promise<void> {
  await writeHours(tx, Prisma.sql`SELECT id, ${from}::timestamptz, ${to}::timestamptz FROM series`)
  await tx.$executeRaw`UPDATE series_progress SET hours_until = ${to} WHERE id = 1`
}

/** The first raw sample at or after an instant, of any series. */
export async function firstSampleAt(tx: Raw, from: Date): Promise<Date | null> {
  const rows = await tx.$queryRaw<{ at: Date | null }[]>`
    SELECT min(n.at) AS at FROM series s
    CROSS JOIN LATERAL (SELECT at FROM series_raw WHERE series_id = s.id AND at >= ${from}::timestamptz ORDER BY at LIMIT 1) AS n`
  return rows[0]?.at ?? null
}

/** Takes marks of late samples off the list, oldest first: those in minutes that are rolled up already. */
export function takeLate(tx: Raw, before: Date, limit: number): Promise<{ series: number; minute: Date }[]> {
  return tx.$queryRaw<{ series: number; minute: Date }[]>`
    WITH taken AS (
      DELETE FROM series_late
      WHERE id IN (SELECT id FROM series_late WHERE minute < ${before}::timestamptz ORDER BY id LIMIT ${limit})
      RETURNING series_id, minute
    )
    SELECT DISTINCT series_id AS series, minute FROM taken`
}

/** Rolls single minutes up again, from all that is there of them now, and then the hours they lie in, where those were rolled up already. */
export async function rollAgain(
  tx: Raw,
  late: readonly { series: number; minute: Date }[],
  hoursUntil: Date,
): Promise<void> {
  const ids = late.map((each) => each.series)
  const minutes = late.map((each) => each.minute.toISOString())
  const marks = Prisma.sql`unnest(${ids}::int[], ${minutes}::text[]::timestamptz[]) AS m(id, minute)`
  await writeMinutes(tx, Prisma.sql`SELECT id, minute, minute + interval '1 minute' FROM ${marks}`)
  await writeHours(
    tx,
    Prisma.sql`SELECT DISTINCT id, date_trunc('hour', minute, 'UTC'), date_trunc('hour', minute, 'UTC') + interval '1 hour'
               FROM ${marks} WHERE minute < ${hoursUntil}::timestamptz`,
  )
}

/** @param jobs rows of a series and the bounds to roll up */
async function writeMinutes(tx: Raw, jobs: Prisma.Sql): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO series_minute AS t (series_id, at, min, max, sum, last, count, last_offset_ms)
    SELECT j.id, r.bucket, r.min, r.max, r.sum, r.last, r.count, (extract(epoch FROM r.last_at - r.bucket) * 1000)::int
    FROM (${jobs}) AS j(id, begins, ends)
    CROSS JOIN LATERAL (
      SELECT date_trunc('minute', at, 'UTC') AS bucket, min(value), max(value), sum(value), count(*)::int,
             (array_agg(value ORDER BY at DESC))[1] AS last, max(at) AS last_at
      FROM series_raw WHERE series_id = j.id AND at >= j.begins AND at < j.ends
      GROUP BY 1
    ) AS r
    ON CONFLICT (series_id, at) DO UPDATE SET min = excluded.min, max = excluded.max, sum = excluded.sum,
      last = excluded.last, count = excluded.count, last_offset_ms = excluded.last_offset_ms`
}

async function writeHours(tx: Raw, jobs: Prisma.Sql): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO series_hour AS t (series_id, at, min, max, sum, last, count, last_offset_ms)
    SELECT j.id, r.bucket, r.min, r.max, r.sum, r.last, r.count, (extract(epoch FROM r.last_at - r.bucket) * 1000)::int
    FROM (${jobs}) AS j(id, begins, ends)
    CROSS JOIN LATERAL (
      SELECT date_trunc('hour', at, 'UTC') AS bucket, min(min), max(max), sum(sum), sum(count)::int AS count,
             (array_agg(last ORDER BY at DESC))[1] AS last, max(at + last_offset_ms * interval '1 millisecond') AS last_at
      FROM series_minute WHERE series_id = j.id AND at >= j.begins AND at < j.ends
      GROUP BY 1
    ) AS r
    ON CONFLICT (series_id, at) DO UPDATE SET min = excluded.min, max = excluded.max, sum = excluded.sum,
      last = excluded.last, count = excluded.count, last_offset_ms = excluded.last_offset_ms`
}
