import pg from 'pg'
import type { TestPostgres } from '@/server/testing/postgres'

/** A service with twenty series of one metric, at all tiers: what the widest chart reads. */
export const wideService = 'bench-wide'
export const wideSeries = 20
/** These services have minutes for 89 days; the others for the last six hours. */
const deepServices = 5

export type Generated = { services: number; series: number; rows: Record<string, number>; seconds: number }

/**
 * Fills an empty control database with series as a year of work would leave them, by SQL in the database itself: hours of a year for all of them, minutes of
 * 89 days and raw samples of six days for some. Rollups are generated, not rolled up from samples.
 */
export async function generateSeries(server: TestPostgres, services: number): Promise<Generated> {
  const { host, port, user, password, database } = server
  const clients = await Promise.all(
    [1, 2].map(async () => {
      const client = new pg.Client({ host, port, user, password, database })
      await client.connect()
      return client
    }),
  )
  const [first] = clients
  if (!first) throw new Error('No connection')
  const begun = performance.now()
  try {
    await addServices(first, services)
    const rows: Record<string, number> = {}
    for (const [tier, statements] of Object.entries(await statementsOf(first))) {
      const left = [...statements]
      let done = 0
      const work = async (client: pg.Client): Promise<void> => {
        for (let next = left.shift(); next; next = left.shift()) done += (await client.query(next)).rowCount ?? 0
      }
      await Promise.all(clients.map(work))
      rows[tier] = done
    }
    await first.query(
      "UPDATE series_progress SET sealed_until = u, minutes_until = u, hours_until = u FROM date_trunc('hour', now(), 'UTC') AS u",
    )
    await first.query('VACUUM ANALYZE series, series_raw, series_minute, series_hour')
    const seconds = (performance.now() - begun) / 1000
    return { services, series: services * 10 + wideSeries, rows, seconds }
  } finally {
    await Promise.all(clients.map((client) => client.end()))
  }
}

async function addServices(client: pg.Client, services: number): Promise<void> {
  await client.query(
    `INSERT INTO service (id, name, config, config_digest, updated_at)
     SELECT 'bench-' || n, 'bench-' || n, '{}'::jsonb, '', now() FROM generate_series(1, $1::int) AS n
     UNION ALL SELECT '${wideService}', '${wideService}', '{}'::jsonb, '', now()`,
    [services],
  )
  await client.query(
    `INSERT INTO series (service_id, metric, subject)
     SELECT 'bench-' || n, m, 'db-us-west' FROM generate_series(1, $1::int) AS n,
       unnest('{replication.lag-seconds,replication.lag-bytes,replication.state,postgres.role,postgres.wal-rate,host.disk-free-ratio,host.clock-skew-ms,probe.up,probe.latency-ms,cache.latency-ms}'::text[]) AS m
     UNION ALL SELECT '${wideService}', 'probe.latency-ms', 'name-' || n FROM generate_series(1, ${wideSeries}) AS n`,
    [services],
  )
}

/** Statements by tier, each for one partition, so that several can be worked off at once. */
async function statementsOf(client: pg.Client): Promise<Record<string, string[]>> {
  const wide = `service_id = '${wideService}'`
  const names = Array.from({ length: deepServices }, (_, index) => `'bench-${index + 1}'`)
  const deep = `(${wide} OR service_id IN (${names.join(',')}))`
  return {
    hours: await perPartition(client, { tier: 'hour', back: '365 days', unit: 'month', step: '1 hour', which: 'true' }),
    'minutes of 89 days': await perPartition(client, {
      tier: 'minute',
      back: '89 days',
      unit: 'day',
      step: '1 minute',
      which: deep,
    }),
    'minutes of 6 hours': await perPartition(client, {
      tier: 'minute',
      back: '6 hours',
      unit: 'day',
      step: '1 minute',
      which: `NOT ${deep}`,
    }),
    'raw samples of 6 days at 5 s': await perPartition(client, {
      tier: 'raw',
      back: '6 days',
      unit: 'day',
      step: '5 seconds',
      which: wide,
    }),
  }
}

type Fill = { tier: 'raw' | 'minute' | 'hour'; back: string; unit: 'day' | 'month'; step: string; which: string }

async function perPartition(client: pg.Client, fill: Fill): Promise<string[]> {
  const { rows } = await client.query<{ from: string; to: string }>(
    `SELECT greatest(p, now() - $1::interval)::text AS from, least(p + ('1 ' || $2)::interval, date_trunc('hour', now()))::text AS to
     FROM generate_series(date_trunc($2, now() - $1::interval), now(), ('1 ' || $2)::interval) AS p`,
    [fill.back, fill.unit],
  )
  const statements: string[] = []
  for (const { from, to } of rows) {
    await client.query('SELECT series_make_partition($1, $2)', [fill.tier, from])
    statements.push(statement(fill, from, to))
  }
  return statements
}

/** A wave of a day with noise; one series after the other, as the index is, so that a year takes minutes to write. */
function statement({ tier, step, which }: Fill, from: string, to: string): string {
  const value = '(10 + 5 * sin(extract(epoch FROM t)::float8 / 13751) + random())'
  const columns = tier === 'raw' ? 'series_id, at, value' : 'series_id, at, min, max, sum, last, count, last_offset_ms'
  const count = tier === 'hour' ? 720 : 12
  const values =
    tier === 'raw'
      ? 's.id, t, v'
      : `s.id, t, v - random(), v + random(), v * ${count}, v, ${count}, 5000 * ${count - 1}`
  const unit = tier === 'raw' ? 'minute' : tier
  return `INSERT INTO series_${tier} (${columns})
    SELECT ${values} FROM series s
    CROSS JOIN LATERAL generate_series(date_trunc('${unit}', '${from}'::timestamptz) + s.id * interval '0', '${to}'::timestamptz - interval '1 second', interval '${step}') AS t
    CROSS JOIN LATERAL (SELECT ${value} AS v OFFSET 0) AS noise
    WHERE ${which}`
}
