import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { probeFacts } from '@/server/domain/observation'
import { startTestDatabase, type TestPostgres } from '@/server/testing/postgres'
import { agentSeen, movedClock, probeSeen, seedService, testWorker } from '@/server/testing/watched'
import { recordObservations } from './record'
import { deleteOldSeries } from './retention'

const start = Date.parse('2027-01-01T00:00:00.000Z')
const clock = movedClock(start)
let server: TestPostgres
let a: ReturnType<typeof testWorker>
let b: ReturnType<typeof testWorker>

beforeAll(async () => {
  server = await startTestDatabase(67)
  a = testWorker(server.url, 'vantage-a', clock)
  b = testWorker(server.url, 'vantage-a', clock)
})
afterAll(async () => {
  await a?.close()
  await b?.close()
  await server?.stop()
})

const second = (n: number) => new Date(start + n * 1000).toISOString()

async function failures(serviceId: string): Promise<number> {
  const row = await a.db.observation.findFirstOrThrow({ where: { serviceId, kind: 'public' } })
  return probeFacts.parse(row.facts).consecutiveFailures
}

describe('recordObservations', () => {
  it('counts failures in a row from the row that is there, and starts anew after a good look', async () => {
    const service = await seedService(a.db)
    const look = (ok: boolean, n: number) =>
      recordObservations(a, { observations: [probeSeen(service, 'public', 'vantage-a', ok, second(n))], positions: [] })
    const counts: number[] = []
    for (const [n, ok] of [true, false, false, false, true, false].entries()) {
      await look(ok, n)
      counts.push(await failures(service.id))
    }
    expect(counts).toEqual([0, 1, 2, 3, 0, 1])
    expect(await a.db.probeSample.count({ where: { serviceId: service.id } })).toBe(6)
  })

  it('counts one failure once, although two workers at the same vantage point see it', async () => {
    const service = await seedService(a.db)
    const looks = [second(1), second(1.3), second(2.1), second(2.2)]
    for (const [index, at] of looks.entries()) {
      const worker = index % 2 === 0 ? a : b
      await recordObservations(worker, {
        observations: [probeSeen(service, 'public', 'vantage-a', false, at)],
        positions: [],
      })
    }
    expect(await failures(service.id)).toBe(2)
  })

  it('takes many batches of two workers at once: one row a subject, the newest wins, every sample is kept', async () => {
    const service = await seedService(a.db)
    const batch = (n: number) => ({
      observations: ['vantage-a', 'vantage-b'].flatMap((vantage) => [
        probeSeen(service, 'public', vantage, true, second(n)),
        probeSeen(service, 'endpoint', vantage, true, second(n)),
      ]),
      positions: [],
    })
    await Promise.all(
      Array.from({ length: 10 }, (_, n) => [
        recordObservations(a, batch(n)),
        recordObservations(b, batch(n + 0.5)),
      ]).flat(),
    )
    const rows = await a.db.observation.findMany({ where: { serviceId: service.id } })
    expect(rows).toHaveLength(4)
    expect(new Set(rows.map((row) => row.observedAt.toISOString()))).toEqual(new Set([second(9.5)]))
    expect(await a.db.probeSample.count({ where: { serviceId: service.id } })).toBe(80)
  })

  it('leaves a newer observation alone, and takes several of one subject in one batch', async () => {
    const service = await seedService(a.db)
    const at = (n: number, ok: boolean) => probeSeen(service, 'public', 'vantage-a', ok, second(n))
    await recordObservations(a, { observations: [at(1, false), at(2, false), at(3, false)], positions: [] })
    expect(await failures(service.id)).toBe(3)
    await recordObservations(a, { observations: [at(2.5, true)], positions: [] })
    expect(await failures(service.id)).toBe(3)
  })

  it('puts what a worker saw whose clock is off on the control database’s clock', async () => {
    const service = await seedService(a.db)
    for (const offByMs of [3_600_000, -3_600_000]) {
      const itsClockMs = Date.now() + offByMs
      const look = probeSeen(service, 'public', 'vantage-a', true, new Date(itsClockMs).toISOString())
      await recordObservations(a, { observations: [look], positions: [] }, itsClockMs)
      const row = await a.db.observation.findFirstOrThrow({ where: { serviceId: service.id } })
      expect(Math.abs(row.observedAt.getTime() - Date.now())).toBeLessThan(10_000)
    }
    const small = new Date(Date.now() - 500)
    const look = probeSeen(service, 'endpoint', 'vantage-a', true, small.toISOString())
    await recordObservations(a, { observations: [look], positions: [] }, Date.now() - 500)
    const row = await a.db.observation.findFirstOrThrow({ where: { serviceId: service.id, kind: 'endpoint' } })
    expect(row.observedAt).toEqual(small)
    // Dated by the real clock, which the other tests here do not go by.
    await a.db.probeSample.deleteMany({ where: { serviceId: service.id } })
  })

  it('keeps what an agent said last when it no longer answers', async () => {
    const service = await seedService(a.db)
    const good = agentSeen(service, 'db-us-east', 'vantage-a', second(1), { role: 'primary', currentLsn: '0/3000148' })
    const silent = { ...good, ok: false, failure: 'no answer', facts: null, observedAt: second(2) }
    await recordObservations(a, { observations: [good], positions: [] })
    await recordObservations(a, { observations: [silent], positions: [] })
    const row = await a.db.observation.findFirstOrThrow({ where: { serviceId: service.id, kind: 'agent' } })
    expect(row).toMatchObject({ ok: false, failure: 'no answer', facts: { role: 'primary', currentLsn: '0/3000148' } })
    expect(row.observedAt.toISOString()).toBe(second(2))
  })

  it('announces a service when its picture changes, and not for each look', async () => {
    const service = await seedService(a.db)
    for (const [n, ok] of [true, true, true, false, false, true].entries()) {
      await recordObservations(a, {
        observations: [probeSeen(service, 'public', 'vantage-a', ok, second(n))],
        positions: [],
      })
    }
    expect(await a.db.event.count({ where: { serviceId: service.id, kind: 'service.changed' } })).toBe(3)
  })

  it('keeps WAL positions with their lag', async () => {
    const service = await seedService(a.db)
    const position = {
      service: service.id,
      serverId: 'db-us-west',
      role: 'standby' as const,
      timeline: 1,
      lsn: '0/3000100',
      heartbeatAt: second(0),
      lagBytes: 72,
      lagMs: 1000,
      observedAt: second(1),
    }
    await recordObservations(a, { observations: [], positions: [position] })
    const row = await a.db.walPosition.findFirstOrThrow({ where: { serviceId: service.id } })
    expect(Number(row.lagBytes)).toBe(72)
    expect(row).toMatchObject({ lsn: '0/3000100', lagMs: 1000 })
  })
})

describe('deleteOldSeries', () => {
  it('deletes what is older than seven days, and nothing else', async () => {
    const service = await seedService(a.db)
    const days = (n: number) => new Date(start - n * 86_400_000).toISOString()
    for (const ago of [8, 7.1, 6.9, 0]) {
      await recordObservations(a, {
        observations: [probeSeen(service, 'public', 'vantage-a', true, days(ago))],
        positions: [],
      })
    }
    expect(await deleteOldSeries(a, () => false)).toBe(0)
    await a.db.event.deleteMany({})
    for (const ago of [1.1, 0.9])
      await a.db.event.create({ data: { at: new Date(days(ago)), kind: 'service.changed', data: {} } })
    expect(await deleteOldSeries(a, () => true)).toBe(3)
    expect(await a.db.probeSample.count({ where: { serviceId: service.id } })).toBe(2)
    expect(await a.db.event.count()).toBe(1)
  })
})
