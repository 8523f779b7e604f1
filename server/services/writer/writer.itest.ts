import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { recordObservations } from '@/server/services/observations/record'
import { startTestDatabase, type TestPostgres } from '@/server/testing/postgres'
import { agentSeen, movedClock, seedService, testWorker } from '@/server/testing/watched'
import { until } from '@/server/testing/worker-tools'
import { recordFirstWriter } from './record-first-writer'
import { type WriterWord, withoutRun, wordOfRun } from './without-run'

const clock = movedClock(Date.parse('2027-01-01T00:00:00.000Z'))
let server: TestPostgres
let a: ReturnType<typeof testWorker>
let b: ReturnType<typeof testWorker>

beforeAll(async () => {
  server = await startTestDatabase(67)
  a = testWorker(server.url, 'vantage-a', clock)
  b = testWorker(server.url, 'vantage-b', clock)
})
afterAll(async () => {
  await a?.close()
  await b?.close()
  await server?.stop()
})

/** Takes the service's lease as a run does. */
const takeLease = (serviceId: string) => b.db.$executeRaw`
  UPDATE service_lease SET generation = generation + 1, holder = 'worker-x', run_id = 'run_x',
    expires_at = clock_timestamp() + interval '5 seconds' WHERE service_id = ${serviceId}`

describe('recordFirstWriter', () => {
  const primary = { role: 'primary' as const, currentLsn: '0/3000148', timeline: 1, systemIdentifier: '7001' }

  it('records the one primary that is seen, once, at generation 0', async () => {
    const service = await seedService(a.db, null)
    const observations = ['vantage-a', 'vantage-b'].flatMap((vantage) => [
      agentSeen(service, 'db-us-east', vantage, clock.at(), primary),
      agentSeen(service, 'db-us-west', vantage, clock.at()),
    ])
    await recordObservations(a, { observations, positions: [] })
    const watched = await service.read()
    const recorded = await Promise.all([recordFirstWriter(a, watched), recordFirstWriter(b, watched)])
    expect(recorded.filter((each) => each !== null)).toEqual(['db-us-east'])
    const { writer } = await service.read()
    expect(writer).toEqual({
      serverId: 'db-us-east',
      region: 'us-east',
      timeline: 1,
      systemIdentifier: '7001',
      generation: 0,
    })
    expect(await a.db.auditEntry.count({ where: { serviceId: service.id, action: 'service.record-writer' } })).toBe(1)
  })

  it('records nothing with two primaries, with none, or from what is stale or failed', async () => {
    const both = await seedService(a.db, null)
    const two = ['db-us-east', 'db-us-west'].map((id) => agentSeen(both, id, 'vantage-a', clock.at(), primary))
    await recordObservations(a, { observations: two, positions: [] })
    expect(await recordFirstWriter(a, await both.read())).toBeNull()

    const none = await seedService(a.db, null)
    expect(await recordFirstWriter(a, await none.read())).toBeNull()

    const old = await seedService(a.db, null)
    const stale = agentSeen(old, 'db-us-east', 'vantage-a', clock.at(5000), primary)
    await recordObservations(a, { observations: [stale], positions: [] })
    expect(await recordFirstWriter(a, await old.read())).toBeNull()

    const silent = await seedService(a.db, null)
    const failed = { ...agentSeen(silent, 'db-us-east', 'vantage-a', clock.at(), primary), ok: false, failure: 'gone' }
    await recordObservations(a, { observations: [failed], positions: [] })
    expect(await recordFirstWriter(a, await silent.read())).toBeNull()
  })
})

describe('withoutRun', () => {
  it('says the word with the generation that the control database has now', async () => {
    const service = await seedService(a.db)
    const watched = await service.read()
    await a.db.service.update({ where: { id: service.id }, data: { writerGeneration: 7 } })
    const words: WriterWord[] = []
    expect(await withoutRun(a, watched, async (word) => void words.push(word))).toBe(true)
    expect(words).toEqual([{ generation: 7, writerServerId: 'db-us-east', timeline: 1, systemIdentifier: '7001' }])
  })

  it('holds up a starting run until the word is said, and no longer', async () => {
    const service = await seedService(a.db)
    let finish: () => void = () => undefined
    const said = new Promise<void>((resolve) => {
      finish = resolve
    })
    let saying = false
    const word = withoutRun(a, await service.read(), async () => {
      saying = true
      await said
    })
    await until(() => saying, 'the word is being said')
    let taken = false
    const lease = takeLease(service.id).then(() => {
      taken = true
    })
    await until(async () => (await waitingForLease()) > 0, 'the run waits for the lease')
    expect(taken).toBe(false)
    finish()
    expect(await word).toBe(true)
    await lease
    expect(taken).toBe(true)
  })

  it('is skipped, within its lock timeout, while a run takes the lease', async () => {
    const service = await seedService(a.db)
    const watched = await service.read()
    const said = await b.db.$transaction(async (tx) => {
      await tx.$executeRaw`SELECT 1 FROM service_lease WHERE service_id = ${service.id} FOR UPDATE`
      return withoutRun(a, watched, async () => undefined)
    })
    expect(said).toBe(false)
  })

  it('is skipped while a run is led, and while one is approved, running or paused', async () => {
    const led = await seedService(a.db)
    await takeLease(led.id)
    expect(await withoutRun(a, await led.read(), async () => undefined)).toBe(false)
    for (const state of ['approved', 'running', 'paused']) {
      const service = await seedService(a.db)
      await seedRun(service.id, state)
      expect(await withoutRun(a, await service.read(), async () => undefined)).toBe(false)
    }
    const ended = await seedService(a.db)
    await seedRun(ended.id, 'succeeded')
    expect(await withoutRun(a, await ended.read(), async () => undefined)).toBe(true)
  })
})

describe('wordOfRun', () => {
  it('is there once the run at work has itself proved the writer on record, under the generation that leads', async () => {
    const service = await seedService(a.db)
    const watched = await service.read()
    expect(await wordOfRun(a, watched)).toBeNull()
    await seedRun(service.id, 'paused')
    expect(await wordOfRun(a, watched)).toBeNull()
    const step = { runId: `run-${service.id}`, key: '08-postgres.prove-writable', stepId: 'postgres.prove-writable' }
    await a.db.runStep.create({ data: { ...step, position: 7, state: 'running' } })
    expect(await wordOfRun(a, watched)).toBeNull()
    const proved = (serverId: string) =>
      a.db.runStep.updateMany({ where: { runId: step.runId }, data: { state: 'succeeded', output: { serverId } } })
    await proved('db-us-west')
    expect(await wordOfRun(a, watched)).toBeNull()
    await proved('db-us-east')
    await a.db.serviceLease.update({ where: { serviceId: service.id }, data: { generation: 9 } })
    expect(await wordOfRun(a, watched)).toEqual({
      ...{ generation: 9, writerServerId: 'db-us-east', timeline: 1, systemIdentifier: '7001' },
    })
    await a.db.run.updateMany({ where: { serviceId: service.id }, data: { state: 'succeeded' } })
    expect(await wordOfRun(a, watched)).toBeNull()
  })
})

async function waitingForLease(): Promise<number> {
  const rows = await a.db.$queryRaw<{ waiting: number }[]>`
    SELECT count(*)::int AS waiting FROM pg_stat_activity
    WHERE wait_event_type = 'Lock' AND query LIKE '%UPDATE service_lease%'`
  return rows[0]?.waiting ?? 0
}

async function seedRun(serviceId: string, state: string): Promise<void> {
  const planId = `plan-${serviceId}`
  await a.db.plan.create({ data: { id: planId, serviceId, kind: 'failover', digest: 'd', document: {} } })
  await a.db.run.create({
    data: {
      id: `run-${serviceId}`,
      serviceId,
      kind: 'failover',
      state,
      planId,
      digest: 'd',
      requesterId: 'someone',
      requester: { type: 'system', id: 'test' },
      reason: 'a test',
      requestedAt: new Date(),
      expiresAt: new Date(Date.now() + 60_000),
    },
  })
}
