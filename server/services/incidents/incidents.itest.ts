import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { recordObservations, type WalSighting } from '@/server/services/observations/record'
import { startTestDatabase, type TestPostgres } from '@/server/testing/postgres'
import { movedClock, probeSeen, seedService, testWorker } from '@/server/testing/watched'
import { followOutage } from './follow-outage'
import { followPrimaries } from './follow-primaries'

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

type Seeded = Awaited<ReturnType<typeof seedService>>
type Seen = { a?: boolean; b?: boolean; endpoint?: { a: boolean; b: boolean } }

/** One second of probing: what each vantage point sees of the public name (and of the endpoint, the same unless said). */
async function second(service: Seeded, seen: Seen): Promise<string[]> {
  clock.move(1000)
  const looks = (['a', 'b'] as const).flatMap((each) => {
    const ok = seen[each]
    if (ok === undefined) return []
    const vantage = `vantage-${each}`
    return [
      probeSeen(service, 'public', vantage, ok, clock.at()),
      probeSeen(service, 'endpoint', vantage, seen.endpoint?.[each] ?? ok, clock.at()),
    ]
  })
  await recordObservations(a, { observations: looks, positions: [] })
  const watched = await service.read()
  // Both workers look at the same moment: whatever is to be done is done once.
  return (await Promise.all([followOutage(a, watched), followOutage(b, watched)])).filter((done) => done !== 'nothing')
}

const incidentsOf = (service: Seeded) =>
  a.db.incident.findMany({ where: { serviceId: service.id }, include: { events: { orderBy: { id: 'asc' } } } })

async function onlyIncident(service: Seeded) {
  const [incident, ...more] = await incidentsOf(service)
  if (!incident || more.length > 0)
    throw new Error(`Expected one incident, there are ${more.length + (incident ? 1 : 0)}`)
  return incident
}

describe('an outage', () => {
  it('is opened at the first failure, confirmed at the second, recovered at the first of two good looks, and closed after a quiet minute', async () => {
    const service = await seedService(a.db)
    expect(await second(service, { a: true, b: true })).toEqual([])
    const lastGoodAt = clock.at()
    const position: WalSighting = {
      service: service.id,
      serverId: 'db-us-east',
      role: 'primary',
      timeline: 1,
      lsn: '0/3000148',
      heartbeatAt: clock.at(),
      lagBytes: null,
      lagMs: null,
      observedAt: clock.at(),
    }
    await recordObservations(a, { observations: [], positions: [position] })

    expect(await second(service, { a: false, b: true })).toEqual(['open'])
    expect((await onlyIncident(service)).state).toBe('open')
    expect(await second(service, { a: false, b: false })).toEqual([])
    expect(await second(service, { a: false, b: false })).toEqual(['confirm'])
    const confirmed = await onlyIncident(service)
    expect(confirmed).toMatchObject({
      state: 'confirmed',
      region: 'us-east',
      severity: 'critical',
      primaryLsn: '0/3000148',
    })
    expect(confirmed.primaryLsnAt?.toISOString()).toBe(lastGoodAt)

    expect(await second(service, { a: true, b: true })).toEqual([])
    const firstGoodAt = clock.at()
    expect(await second(service, { a: true, b: true })).toEqual(['recover'])
    expect((await onlyIncident(service)).recoveredAt?.toISOString()).toBe(firstGoodAt)

    clock.move(57_000)
    expect(await second(service, { a: true, b: true })).toEqual([])
    clock.move(1_000)
    expect(await second(service, { a: true, b: true })).toEqual(['close'])
    const closed = await onlyIncident(service)
    expect(closed.events.map((each) => each.kind)).toEqual(['open', 'confirm', 'recover', 'close'])
    const audited = await a.db.auditEntry.findMany({ where: { serviceId: service.id }, orderBy: { seq: 'asc' } })
    expect(audited.map((each) => each.action)).toEqual([
      'incident.open',
      'incident.confirm',
      'incident.recover',
      'incident.close',
    ])
  })

  it('starts its clock at the last good look of any vantage point, also one after the first failing look at the endpoint', async () => {
    const service = await seedService(a.db)
    await second(service, { a: true, b: true })
    await second(service, { a: true, b: true, endpoint: { a: false, b: false } })
    const lastGoodAt = clock.at()
    await second(service, { a: false, b: false })
    await second(service, { a: false, b: false })
    expect((await onlyIncident(service)).lastGoodAt?.toISOString()).toBe(lastGoodAt)
  })

  it('is dismissed when the second look is good', async () => {
    const service = await seedService(a.db)
    await second(service, { a: true, b: true })
    expect(await second(service, { a: false, b: true })).toEqual(['open'])
    expect(await second(service, { a: true, b: true })).toEqual(['dismiss'])
    const incident = await onlyIncident(service)
    expect(incident).toMatchObject({ state: 'dismissed' })
    expect(incident.closedAt).not.toBeNull()
  })

  it('seen from one vantage point alone is never confirmed, and not dismissed while it lasts', async () => {
    const service = await seedService(a.db)
    const done: string[] = []
    for (let n = 0; n < 8; n++) done.push(...(await second(service, { a: n < 1, b: true })))
    expect(done).toEqual(['open'])
    expect((await onlyIncident(service)).state).toBe('open')
  })

  it('is neither confirmed nor ended by vantage points that do not look any more', async () => {
    const service = await seedService(a.db)
    await second(service, { a: true, b: true })
    await second(service, { a: false, b: false })
    await second(service, { a: false })
    await second(service, { a: false })
    await second(service, { a: false })
    expect((await onlyIncident(service)).state).toBe('open')
    for (let n = 0; n < 4; n++) expect(await second(service, { a: true })).toEqual([])
    expect((await onlyIncident(service)).state).toBe('open')
  })

  it('goes on when it fails again before it was closed', async () => {
    const service = await seedService(a.db)
    for (const ok of [true, false, false, true, true]) await second(service, { a: ok, b: ok })
    expect((await onlyIncident(service)).state).toBe('recovered')
    expect(await second(service, { a: false, b: false })).toEqual([])
    expect(await second(service, { a: false, b: false })).toEqual(['relapse'])
    const incident = await onlyIncident(service)
    expect(incident).toMatchObject({ state: 'confirmed', recoveredAt: null })
    await second(service, { a: true, b: true })
    const again = clock.at()
    expect(await second(service, { a: true, b: true })).toEqual(['recover'])
    expect((await onlyIncident(service)).recoveredAt?.toISOString()).toBe(again)
  })

  it('is opened once by eight looks at the same moment', async () => {
    const service = await seedService(a.db)
    clock.move(1000)
    const observations = [probeSeen(service, 'public', 'vantage-a', false, clock.at())]
    await recordObservations(a, { observations, positions: [] })
    const watched = await service.read()
    const done = await Promise.all(Array.from({ length: 8 }, (_, n) => followOutage(n % 2 === 0 ? a : b, watched)))
    expect(done.filter((each) => each === 'open')).toHaveLength(1)
    expect(await incidentsOf(service)).toHaveLength(1)
  })
})

describe('two primaries', () => {
  const seen = (service: Seeded, serverId: string, role: 'primary' | 'standby'): WalSighting => ({
    service: service.id,
    serverId,
    role,
    timeline: 1,
    lsn: '0/3000148',
    heartbeatAt: null,
    lagBytes: null,
    lagMs: null,
    observedAt: clock.at(),
  })
  async function step(service: Seeded, east: 'primary' | 'standby', west: 'primary' | 'standby'): Promise<void> {
    clock.move(1000)
    await recordObservations(a, {
      observations: [],
      positions: [seen(service, 'db-us-east', east), seen(service, 'db-us-west', west)],
    })
    const watched = await service.read()
    await Promise.all([followPrimaries(a, watched, 1000), followPrimaries(b, watched, 1000)])
  }

  it('are one critical incident while they last, and none in an ordinary failover', async () => {
    const service = await seedService(a.db)
    for (let n = 0; n < 3; n++) await step(service, 'primary', 'standby')
    for (let n = 0; n < 3; n++) await step(service, 'standby', 'primary')
    expect(await incidentsOf(service)).toHaveLength(0)
    for (let n = 0; n < 4; n++) await step(service, 'primary', 'primary')
    expect(await onlyIncident(service)).toMatchObject({
      kind: 'two-primaries',
      severity: 'critical',
      state: 'confirmed',
    })
    for (let n = 0; n < 12; n++) await step(service, 'standby', 'primary')
    expect(await onlyIncident(service)).toMatchObject({ state: 'closed' })
  })
})
