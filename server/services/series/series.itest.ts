import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createDb, type Db } from '@/server/db/client'
import { migrate } from '@/server/db/migrate'
import type { Sample } from '@/server/domain/series/catalogue'
import { dayMs } from '@/server/domain/series/tiers'
import { getSeries, getSparklines } from '@/server/queries/series'
import type { Context } from '@/server/services/context'
import { describeStep } from '@/server/steps/catalog'
import { startTestPostgres, type TestPostgres } from '@/server/testing/postgres'
import { dropOldPartitions, makeNextPartitions } from './keep-partitions'
import { recordSamples } from './record-samples'
import { rollUp } from './roll-up'

const role = { name: 'lifeboat_app', password: 'of the application' }
const minuteMs = 60_000
const hourMs = 3_600_000

let server: TestPostgres
let owner: pg.Client
let db: Db
/** A whole minute, some hours back: the clock that verbs are given stands where a test puts it. */
let nowMs: number
let service: string

beforeAll(async () => {
  server = await startTestPostgres(81)
  await migrate(server, { appRole: role })
  const { host, port, user, password, database } = server
  owner = new pg.Client({ host, port, user, password, database })
  await owner.connect()
  db = createDb(`postgresql://${role.name}:${encodeURIComponent(role.password)}@${host}:${port}/${database}`)
})
afterAll(async () => {
  await db?.$disconnect()
  await owner?.end()
  await server?.stop()
})

beforeEach(async () => {
  nowMs = Math.floor(Date.now() / hourMs) * hourMs
  service = `s-${randomUUID().slice(0, 8)}`
  await db.service.create({ data: { id: service, name: service, config: {}, configDigest: '' } })
  await db.$executeRaw`DELETE FROM series_late`
  await setProgress(nowMs - 5 * hourMs)
})

function context(grants: Context['grants'] = [{ role: 'viewer', service: '*' }]): Context {
  return {
    db,
    clock: { now: () => nowMs, sleep: () => Promise.resolve() },
    actor: { type: 'worker', id: 'w1', vantage: 'vantage-a' },
    grants,
    describeStep,
    enqueueRun: () => Promise.resolve(),
  }
}

async function setProgress(ms: number): Promise<void> {
  const at = new Date(ms)
  await db.$executeRaw`UPDATE series_progress SET sealed_until = ${at}, minutes_until = ${at}, hours_until = ${at}`
}

const sample = (atMs: number, value: number, subject = 'db-1'): Sample => ({
  service,
  metric: 'replication.lag-seconds',
  subject,
  at: new Date(atMs).toISOString(),
  value,
})
const record = (...samples: Sample[]) => recordSamples(context(), samples)

async function read(fromMs: number, toMs: number, points = 400) {
  const view = await getSeries(context(), service, {
    metrics: ['replication.lag-seconds'],
    subject: null,
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    points,
  })
  const line = view.series[0]
  const at = (ms: number) => Math.floor((ms - Date.parse(view.from)) / view.stepMs)
  return { view, line, at }
}

/** What is kept of the service in a tier of rollups, oldest first. */
async function rollups(table: 'series_minute' | 'series_hour') {
  const { rows } = await owner.query(
    `SELECT t.at, t.min, t.max, t.sum, t.last, t.count, t.last_offset_ms FROM ${table} t JOIN series s ON s.id = t.series_id
     WHERE s.service_id = $1 ORDER BY t.at`,
    [service],
  )
  return rows
}

describe('writing', () => {
  it('keeps a sample once, however often it is sent and in whatever batch', async () => {
    const at = nowMs - hourMs
    expect(await record(sample(at, 1), sample(at, 1), sample(at + 5_000, 2))).toEqual({ written: 2, refused: 0 })
    expect(await record(sample(at, 9), sample(at + 5_000, 9))).toEqual({ written: 0, refused: 0 })
    const { line, at: place } = await read(at - 10_000, at + 10_000)
    expect(line?.max[place(at)]).toBe(1)
    expect(line?.max[place(at + 5_000)]).toBe(2)
  })

  it('refuses what is too old, in the future or no number, and keeps the rest', async () => {
    const outcome = await record(
      sample(nowMs - 7 * dayMs, 1),
      sample(nowMs + hourMs, 1),
      sample(nowMs - 1_000, Number.NaN),
      sample(nowMs - 1_000, 1),
    )
    expect(outcome).toEqual({ written: 1, refused: 3 })
  })

  it('lets workers write new series of the same names at once, in any order', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `db-${index}`)
    const batches = Array.from({ length: 8 }, (_, worker) =>
      (worker % 2 === 0 ? names : [...names].reverse()).map((name) => sample(nowMs - 60_000 - worker, worker, name)),
    )
    const outcomes = await Promise.all(batches.map((batch) => record(...batch)))
    expect(outcomes.map((each) => each.written)).toEqual(batches.map(() => 40))
    expect(await db.series.count({ where: { serviceId: service } })).toBe(40)
  })

  it('makes the partition that is missing, also at the change of a day', async () => {
    const midnight = Math.floor((nowMs - 5 * dayMs) / dayMs) * dayMs
    await record(sample(midnight - 1, 1), sample(midnight, 2))
    const { rows } = await owner.query(
      `SELECT r.tableoid::regclass::text AS partition, r.value FROM series_raw r JOIN series s ON s.id = r.series_id
       WHERE s.service_id = $1 ORDER BY r.at`,
      [service],
    )
    const name = (ms: number) => `series_raw_p${new Date(ms).toISOString().slice(0, 10).replaceAll('-', '')}`
    expect(rows).toEqual([
      { partition: name(midnight - 1), value: 1 },
      { partition: name(midnight), value: 2 },
    ])
    await rollUp(context())
    expect((await rollups('series_minute')).map((row) => row.at.getTime())).toEqual([midnight - minuteMs, midnight])
  })
})

describe('rolling up', () => {
  it('gives least, greatest, sum, newest and count of each minute and hour, exactly those of the samples', async () => {
    const begin = nowMs - 3 * hourMs
    const samples = Array.from({ length: 1_440 }, (_, index) =>
      sample(begin + index * 5_000 + 123, (index * 7919) % 997),
    )
    await record(...samples)
    await rollUp(context())
    const within = (from: number, ms: number) => {
      const values = samples.filter((each) => Date.parse(each.at) >= from && Date.parse(each.at) < from + ms)
      return {
        at: new Date(from),
        min: Math.min(...values.map((each) => each.value)),
        max: Math.max(...values.map((each) => each.value)),
        sum: values.reduce((sum, each) => sum + each.value, 0),
        last: values.at(-1)?.value,
        count: values.length,
        last_offset_ms: ms - 5_000 + 123,
      }
    }
    expect(await rollups('series_minute')).toEqual(
      Array.from({ length: 120 }, (_, index) => within(begin + index * minuteMs, minuteMs)),
    )
    expect(await rollups('series_hour')).toEqual([within(begin, hourMs), within(begin + hourMs, hourMs)])
  })

  it('takes in what comes hours late, and what comes while it works', async () => {
    const begin = nowMs - 4 * hourMs
    await record(sample(begin, 10), sample(begin + 2.5 * hourMs, 10))
    await rollUp(context())
    const late = Array.from({ length: 200 }, (_, index) => sample(begin + (index + 1) * 40_000, 20 + index))
    const halves = [late.slice(0, 100), late.slice(100)]
    await Promise.all([
      record(...(halves[0] ?? [])),
      rollUp(context()),
      record(...(halves[1] ?? [])),
      rollUp(context()),
    ])
    await rollUp(context())
    expect(await db.seriesLate.count()).toBe(0)
    const total = 10 + 10 + late.reduce((sum, each) => sum + each.value, 0)
    for (const table of ['series_minute', 'series_hour'] as const) {
      const rows = await rollups(table)
      expect(
        rows.reduce((sum, row) => sum + row.count, 0),
        table,
      ).toBe(202)
      expect(
        rows.reduce((sum, row) => sum + row.sum, 0),
        table,
      ).toBe(total)
    }
  })

  it('comes to the same when four workers do it at once', async () => {
    const begin = nowMs - 2 * hourMs
    await record(...Array.from({ length: 700 }, (_, index) => sample(begin + index * 10_000, index)))
    await Promise.all([1, 2, 3, 4].map(() => rollUp(context())))
    // Whoever found the lock held went away; the last of them may have left a piece.
    await rollUp(context())
    const minutes = await rollups('series_minute')
    expect(minutes.reduce((sum, row) => sum + row.count, 0)).toBe(700)
    expect(minutes.reduce((sum, row) => sum + row.sum, 0)).toBe((699 * 700) / 2)
  })

  it('waits for a batch that is being written before it calls its minutes complete', async () => {
    const writer = new pg.Client({ ...connectionOf(server) })
    await writer.connect()
    try {
      await writer.query('BEGIN')
      await writer.query('SELECT pg_advisory_xact_lock_shared(7430103)')
      let done = false
      const rolling = rollUp(context()).then(() => {
        done = true
      })
      await untilWaiting()
      expect(done).toBe(false)
      await writer.query('COMMIT')
      await rolling
      expect(done).toBe(true)
    } finally {
      await writer.end()
    }
  })
})

describe('reading', () => {
  it('shows a gap as null, never as zero or the value before it', async () => {
    const begin = nowMs - 4 * hourMs
    await record(sample(begin, 5), sample(begin + 10 * minuteMs, 7))
    await rollUp(context())
    const { line, at } = await read(begin, begin + hourMs, 60)
    expect(line?.avg.filter((value) => value !== null)).toEqual([5, 7])
    expect([line?.avg[at(begin)], line?.avg[at(begin + 5 * minuteMs)]]).toEqual([5, null])
  })

  it.each([
    ['nothing is rolled up', false],
    ['all is rolled up', true],
  ])('shows one sample’s spike at the widest zoom, and what was just measured, when %s', async (_, rolled) => {
    const begin = nowMs - 4 * hourMs
    await record(...Array.from({ length: 240 }, (_each, index) => sample(begin + index * minuteMs, 1)))
    await record(sample(begin + 77_000, 500), sample(nowMs - 1_000, 42))
    if (rolled) await rollUp(context())
    const { view, line } = await read(nowMs - 365 * dayMs, nowMs)
    expect(view).toMatchObject({ resolution: '1h', stepMs: dayMs })
    expect(line?.avg.length).toBeLessThanOrEqual(400)
    expect(Math.max(...(line?.max ?? []).map((value) => value ?? 0))).toBe(500)
    expect(line?.last).toEqual({ at: new Date(nowMs - 1_000).toISOString(), value: 42 })
    const near = await read(nowMs - minuteMs, nowMs)
    expect(near.line?.avg[near.at(nowMs - 1_000)]).toBe(42)
  })

  it('gives the newest value also when it lies before the range, and the same bucket from every tier', async () => {
    const begin = nowMs - 4 * hourMs
    await record(...Array.from({ length: 360 }, (_, index) => sample(begin + index * 10_000, Math.sin(index) * 100)))
    const before = await read(begin, begin + hourMs, 4)
    await rollUp(context())
    const after = await read(begin, begin + hourMs, 4)
    expect(after.line).toEqual(before.line)
    expect((await read(nowMs - minuteMs, nowMs)).line?.last?.at).toBe(new Date(begin + 3_590_000).toISOString())
  })

  it('gives fewer points each when many series share an answer', async () => {
    await record(...Array.from({ length: 20 }, (_, index) => sample(nowMs - hourMs, index, `db-${index}`)))
    const { view } = await read(nowMs - 6 * hourMs, nowMs)
    expect(view.series.length).toBe(20)
    expect(view.series[0]?.avg.length).toBeLessThanOrEqual(100)
  })

  it('shows a service to those alone who may read it', async () => {
    await record(sample(nowMs - minuteMs, 1))
    const stranger = context([{ role: 'viewer', service: 'another' }])
    const filter = {
      metrics: ['replication.lag-seconds'] as const,
      subject: null,
      from: 'now-1h',
      to: 'now',
      points: 60,
    }
    await expect(getSeries(stranger, service, filter)).rejects.toMatchObject({ code: 'not-found' })
    const wanted = { services: [service], metric: 'replication.lag-seconds' as const, forMs: hourMs, points: 60 }
    expect((await getSparklines(stranger, wanted)).lines).toEqual([])
    expect((await getSparklines(context(), wanted)).lines).toMatchObject([
      { service, subject: 'db-1', last: { value: 1 } },
    ])
  })
})

describe('partitions', () => {
  const partitions = async (): Promise<string[]> => {
    const { rows } = await owner.query<{ name: string }>(
      "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent IN ('series_raw'::regclass, 'series_minute'::regclass, 'series_hour'::regclass)",
    )
    return rows.map((row) => row.name)
  }

  it('are made ahead, once, when several workers do so at the same time', async () => {
    await Promise.all([1, 2, 3].map(() => makeNextPartitions(context())))
    const days = [0, 1, 2].map((ahead) =>
      new Date(nowMs + ahead * dayMs).toISOString().slice(0, 10).replaceAll('-', ''),
    )
    const names = await partitions()
    for (const day of days) expect(names).toContain(`series_raw_p${day}`)
    for (const day of days) expect(names).toContain(`series_hour_p${day.slice(0, 6)}`)
  })

  it('are dropped when they lie wholly past their keep, and no others are', async () => {
    const tomorrow = (ms: number) => new Date(ms + dayMs).toISOString().slice(0, 10)
    const day = (ms: number) => new Date(ms).toISOString().slice(0, 10)
    const make = async (table: string, name: string, ms: number) =>
      owner.query(
        `CREATE TABLE ${name} PARTITION OF ${table} FOR VALUES FROM ('${day(ms)} 00:00:00+00') TO ('${tomorrow(ms)} 00:00:00+00')`,
      )
    await make('series_raw', 'series_raw_past', Date.now() - 9 * dayMs)
    await make('series_minute', 'series_minute_past', Date.now() - 92 * dayMs)
    await make('series_minute', 'series_minute_kept', Date.now() - 89 * dayMs)
    await make('series_hour', 'series_hour_past', Date.now() - 733 * dayMs)
    const before = await partitions()
    const dropped = await dropOldPartitions(context())
    expect(dropped.sort()).toEqual(['series_hour_past', 'series_minute_past', 'series_raw_past'])
    expect((await partitions()).sort()).toEqual(before.filter((name) => !dropped.includes(name)).sort())
  })

  it('are all that the application can have made or dropped', async () => {
    const app = new pg.Client({ ...connectionOf(server), user: role.name, password: role.password })
    await app.connect()
    try {
      const refused = async (statement: string, why: string) =>
        expect(app.query(statement), statement).rejects.toThrow(why)
      await refused("SELECT series_drop_expired('audit_entry')", 'no tier')
      await refused("SELECT series_drop_expired('raw; DROP TABLE service')", 'no tier')
      await refused('SELECT series_drop_expired(NULL)', 'no tier')
      await refused("SELECT series_make_partition('service', now())", 'no tier')
      await refused("SELECT series_make_partition('raw', now() - interval '9 days')", 'past its keep')
      await refused("SELECT series_make_partition('raw', now() + interval '1 year')", 'too far ahead')
      await refused("SELECT series_make_partition('raw', NULL)", 'past its keep')
      await refused("SELECT series_make_partition('raw', 'infinity')", 'too far ahead')
      await refused('DROP TABLE series_raw', 'must be owner')
      await refused('DELETE FROM series_raw', 'permission denied')
      await refused('UPDATE series_raw SET value = 0', 'permission denied')
      await refused('DELETE FROM series_hour', 'permission denied')
      const [name] = (await partitions()).filter((each) => each.startsWith('series_raw_p2'))
      await refused(`INSERT INTO ${name} (series_id, at, value) VALUES (1, now(), 1)`, 'permission denied')
      await refused(`DROP TABLE ${name}`, 'must be owner')
      // A function of one's own name must not be what the definer's rights run.
      await refused(
        'CREATE FUNCTION public.format(text, text) RETURNS text LANGUAGE sql AS $$ SELECT $$',
        'permission denied',
      )
    } finally {
      await app.end()
    }
  })
})

function connectionOf({ host, port, user, password, database }: TestPostgres) {
  return { host, port, user, password, database }
}

/** Until somebody waits for the seal's lock. */
async function untilWaiting(): Promise<void> {
  await expect
    .poll(
      async () => {
        const { rows } = await owner.query(
          "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 7430103 AND NOT granted",
        )
        return rows.length
      },
      { timeout: 30_000 },
    )
    .toBe(1)
}
