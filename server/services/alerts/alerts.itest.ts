import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { digestOf, toJson } from '@/server/domain/json'
import { getAlert, listAlerts } from '@/server/queries/alerts'
import { alertDetail, alertsView } from '@/server/queries/dto/alerts'
import { thresholdsView } from '@/server/queries/dto/thresholds'
import { getReadiness } from '@/server/queries/readiness-history'
import { signalsOf } from '@/server/queries/signals'
import { getThresholds } from '@/server/queries/thresholds'
import { startTestControlPlane, type TestControlPlane } from '@/server/testing/control-plane'
import { now as factsNow } from '@/server/testing/facts'
import { steadyFacts } from '@/server/testing/steady-facts'
import { bulkChangeSignal, recordAnomaly } from '../anomalies/record'
import { evaluateReadiness } from '../readiness/evaluate'
import { changeThreshold, resetThreshold } from '../thresholds/change'
import { acknowledgeAlert } from './acknowledge'
import { evaluateAlerts } from './evaluate'
import { createSilence, endSilence } from './silence'

let plane: TestControlPlane
const worker = { type: 'worker' as const, id: 'w1', vantage: 'vantage-a' }
const evaluator = (nowMs?: number) => ({
  db: plane.db,
  actor: worker,
  clock: { now: () => nowMs ?? Date.now(), sleep: () => Promise.resolve() },
})

beforeAll(async () => {
  plane = await startTestControlPlane(84)
}, 120_000)
afterAll(() => plane?.stop())

/** A service in health, seen a moment ago. */
async function steadyService(): Promise<string> {
  const facts = steadyFacts()
  const id = `shortener-${randomUUID().slice(0, 8)}`
  const config = { ...facts.config, id }
  await plane.db.service.create({
    data: {
      id,
      name: config.name,
      config: toJson(config) ?? {},
      configDigest: digestOf(config),
      writerServerId: 'db-us-east',
      writerRegion: 'us-east',
      writerTimeline: 1,
      writerSystemIdentifier: '7001',
      lease: { create: {} },
    },
  })
  const shift = Date.now() - factsNow
  await plane.db.observation.createMany({
    data: facts.observations.map((each) => ({
      serviceId: id,
      kind: each.kind,
      subject: each.subject,
      vantage: each.vantage,
      ok: each.ok,
      failure: each.failure,
      facts: toJson(each.facts) ?? {},
      intervalMs: 600_000,
      observedAt: new Date(Date.parse(each.observedAt) + shift),
    })),
  })
  return id
}

const failing = (serviceId: string, consecutiveFailures: number) =>
  plane.db.observation.updateMany({
    where: { serviceId, kind: 'endpoint', subject: 'us-west', vantage: 'vantage-a' },
    data: {
      ok: consecutiveFailures === 0,
      facts: { status: null, latencyMs: 1, failure: 'refused', address: null, consecutiveFailures },
    },
  })
const key = { signal: 'endpoint-failures', subject: 'us-west from vantage-a' }
const open = (serviceId: string) =>
  plane.db.alert.findMany({ where: { serviceId, ...key, state: { not: 'resolved' } } })
/** Lets time pass for what is remembered, which is kept in the control database. */
const age = (serviceId: string, ms: number) =>
  plane.db
    .$executeRaw`UPDATE signal_track SET since = since - ${ms} * interval '1 ms', ok_since = ok_since - ${ms} * interval '1 ms',
    beyond_since = beyond_since - ${ms} * interval '1 ms', critical_since = critical_since - ${ms} * interval '1 ms',
    unknown_since = unknown_since - ${ms} * interval '1 ms' WHERE service_id = ${serviceId}`

describe('alerts', () => {
  it('are opened once by several evaluators at once, and not again after a restart', async () => {
    const service = await steadyService()
    await failing(service, 9)
    await Promise.all(Array.from({ length: 6 }, () => evaluateAlerts(evaluator(), service)))
    for (let round = 0; round < 3; round += 1)
      await evaluateAlerts({ ...evaluator(), actor: { ...worker, id: 'w2' } }, service)
    const found = await open(service)
    expect(found).toHaveLength(1)
    expect(found[0]).toMatchObject({ severity: 'critical', state: 'firing', cause: 'threshold' })
    expect(await plane.db.alertEvent.count({ where: { alertId: found[0]?.id ?? '' } })).toBe(1)
    const events = await plane.db.event.findMany({ where: { serviceId: service, kind: 'alert.changed' } })
    expect(JSON.stringify(events.map((each) => each.data))).toContain(found[0]?.id)
  })

  it('the index refuses a second open one whoever writes it', async () => {
    const service = await steadyService()
    const row = () => ({
      ...{ id: randomUUID(), serviceId: service, ...key, cause: 'threshold', severity: 'critical', state: 'firing' },
      ...{ title: 't', sentence: 's', unit: 'count', href: '/', openedAt: new Date(), changedAt: new Date() },
    })
    await plane.db.alert.create({ data: row() })
    await expect(plane.db.alert.create({ data: row() })).rejects.toThrow()
    await plane.db.alert.create({ data: { ...row(), state: 'resolved' } })
  })

  it('of a source that fell silent say that it is not known, and are not ended by the silence', async () => {
    const service = await steadyService()
    await failing(service, 9)
    await evaluateAlerts(evaluator(), service)
    const [before] = await open(service)
    await plane.db.observation.updateMany({
      where: { serviceId: service, kind: 'endpoint' },
      data: { observedAt: new Date(Date.now() - 120_000), intervalMs: 1_000 },
    })
    await evaluateAlerts(evaluator(), service)
    await age(service, 3_600_000)
    await evaluateAlerts(evaluator(), service)
    const [after] = await open(service)
    expect(after).toMatchObject({ id: before?.id, severity: 'critical', cause: 'not-known' })
    const others = await plane.db.alert.findMany({
      where: { serviceId: service, signal: key.signal, cause: 'not-known' },
    })
    expect(others.map((each) => each.subject).sort()).toEqual(
      ['us-east', 'us-west'].flatMap((region) =>
        ['vantage-a', 'vantage-b'].map((vantage) => `${region} from ${vantage}`),
      ),
    )
    await plane.db.observation.deleteMany({ where: { serviceId: service } })
    await evaluateAlerts(evaluator(), service)
    expect((await open(service))[0]?.state).toBe('firing')
  })

  it('an acknowledgement survives a restart, ends when it gets worse, and the alert ends only after it was fine for a while', async () => {
    const service = await steadyService()
    const operator = await plane.person('operator')
    await failing(service, 1)
    await evaluateAlerts(evaluator(), service)
    const [alert] = await open(service)
    expect(alert).toMatchObject({ severity: 'warning' })
    await acknowledgeAlert(operator, { id: alert?.id ?? '', note: 'looking' })
    await acknowledgeAlert(operator, { id: alert?.id ?? '', note: 'said twice' })
    await evaluateAlerts({ ...evaluator(), actor: { ...worker, id: 'another' } }, service)
    expect((await open(service))[0]?.state).toBe('acknowledged')
    await failing(service, 9)
    await evaluateAlerts(evaluator(), service)
    expect((await open(service))[0]).toMatchObject({ state: 'firing', severity: 'critical', acknowledgedAt: null })
    await failing(service, 0)
    await evaluateAlerts(evaluator(), service)
    expect(await open(service)).toHaveLength(1)
    await age(service, 31_000)
    await evaluateAlerts(evaluator(), service)
    expect(await open(service)).toHaveLength(0)
    await expect(acknowledgeAlert(operator, { id: alert?.id ?? '' })).rejects.toMatchObject({ code: 'wrong-state' })
    const detail = alertDetail.parse(await getAlert(operator, alert?.id ?? ''))
    expect(detail.events.map((each) => each.kind)).toEqual(['open', 'acknowledge', 'raise', 'resolve'])
    const entry = await plane.db.auditEntry.findFirst({
      where: { action: 'alert.acknowledge', serviceId: service, outcome: 'ok' },
    })
    expect(entry?.data).toMatchObject({ note: 'looking' })
    await expect(acknowledgeAlert(await plane.person('viewer'), { id: alert?.id ?? '' })).rejects.toMatchObject({
      code: 'forbidden',
    })
  })

  it('a silence keeps quiet what it matches until it ends, never two primaries', async () => {
    const service = await steadyService()
    const operator = await plane.person('operator', { service })
    await failing(service, 9)
    await evaluateAlerts(evaluator(), service)
    const list = async (nowMs = Date.now()) =>
      alertsView.parse(
        await listAlerts({ ...operator, clock: { ...operator.clock, now: () => nowMs } }, { service, limit: 100 }),
      )
    const firing = (await list()).firing
    const until = new Date(Date.now() + 60_000).toISOString()
    const { id } = await createSilence(operator, { service, signal: key.signal, until, reason: 'known work' })
    const quiet = await list()
    expect(quiet.firing).toBe(firing - 1)
    expect(quiet.items.find((each) => each.subject === key.subject)?.silenced).toBe(true)
    expect((await list(Date.now() + 61_000)).firing).toBe(firing)
    await endSilence(operator, { id })
    expect((await list()).firing).toBe(firing)
    await expect(endSilence(operator, { id })).rejects.toMatchObject({ code: 'wrong-state' })
    const bad = { service, until, reason: 'quiet, please' }
    await expect(createSilence(operator, { ...bad, signal: 'writable-primaries' })).rejects.toMatchObject({
      code: 'invalid',
    })
    await expect(createSilence(operator, { ...bad, service: '*' })).rejects.toMatchObject({ code: 'not-found' })
    await expect(
      createSilence(operator, { ...bad, until: new Date(Date.now() - 1).toISOString() }),
    ).rejects.toMatchObject({ code: 'invalid' })
    await createSilence(operator, bad)
    await plane.db.incident.create({
      data: {
        ...{
          id: randomUUID(),
          serviceId: service,
          kind: 'two-primaries',
          title: 'Two writable primaries',
          severity: 'critical',
        },
        ...{ state: 'confirmed', openedAt: new Date(), probeIntervalMs: 1_000 },
      },
    })
    await evaluateAlerts(evaluator(), service)
    const split = (await list()).items.find((each) => each.signal === 'incident.two-primaries')
    expect(split).toMatchObject({ severity: 'critical', silenced: false, can: { silence: { allowed: false } } })
    expect((await list()).firing).toBe(1)
    await plane.db.incident.updateMany({ where: { serviceId: service }, data: { state: 'closed' } })
    await evaluateAlerts(evaluator(), service)
    expect((await list()).items.some((each) => each.signal === 'incident.two-primaries')).toBe(false)
  })
})

describe('a service’s own thresholds', () => {
  it('change what pages, signals and alerts say, with who and why, and can be taken back', async () => {
    const service = await steadyService()
    const admin = await plane.person('admin')
    await failing(service, 3)
    const body = { warn: 5, critical: 10, reason: 'a noisy link' }
    await changeThreshold(admin, { service, signal: 'endpoint-failures', ...body })
    const state = async () => (await signalsOf(admin, service)).signals.find((each) => each.subject === key.subject)
    expect(await state()).toMatchObject({ state: 'ok', warn: 5, critical: 10, value: 3 })
    await evaluateAlerts(evaluator(), service)
    expect(await open(service)).toHaveLength(0)
    await changeThreshold(admin, { service, signal: 'endpoint-failures', ...body, warn: 1 })
    const row = async () =>
      thresholdsView
        .parse(await getThresholds(admin, service))
        .items.find((each) => each.signal === 'endpoint-failures')
    expect((await row())?.override).toMatchObject({ reason: 'a noisy link', previous: { warn: 5, critical: 10 } })
    await evaluateAlerts(evaluator(), service)
    expect((await open(service))[0]).toMatchObject({ severity: 'warning' })
    await resetThreshold(admin, { service, signal: 'endpoint-failures', reason: 'link mended' })
    expect((await row())?.override).toBeNull()
    expect(await state()).toMatchObject({ state: 'critical' })
    const entries = await plane.db.auditEntry.findMany({ where: { action: 'threshold.change', serviceId: service } })
    expect(entries).toHaveLength(3)
  })

  it('are refused when they make no sense, or by whom they may not be set', async () => {
    const service = await steadyService()
    const admin = await plane.person('admin')
    const reason = 'because of a test'
    const lag = { service, signal: 'replication-lag' as const, reason }
    const invalid = { code: 'invalid' }
    await expect(changeThreshold(admin, { ...lag, warn: 9, critical: 2 })).rejects.toMatchObject(invalid)
    await expect(changeThreshold(admin, { ...lag, warn: Number.NaN, critical: 2 })).rejects.toMatchObject(invalid)
    await expect(changeThreshold(admin, { ...lag, warn: -1, critical: 2 })).rejects.toMatchObject(invalid)
    await expect(changeThreshold(admin, { ...lag, warn: 1, critical: 2, reason: '' })).rejects.toMatchObject(invalid)
    const fixed = { ...lag, signal: 'writable-primaries' as const, warn: 1, critical: 9 }
    await expect(changeThreshold(admin, fixed)).rejects.toMatchObject(invalid)
    const operator = await plane.person('operator')
    await expect(changeThreshold(operator, { ...lag, warn: 1, critical: 2 })).rejects.toMatchObject({
      code: 'forbidden',
    })
    expect(await plane.db.thresholdOverride.count({ where: { serviceId: service } })).toBe(0)
  })
})

describe('readiness', () => {
  it('is written when it changes, and not each time', async () => {
    const service = await steadyService()
    const viewer = await plane.person('viewer')
    expect(await evaluateReadiness(viewer, service)).toBe(true)
    expect(await evaluateReadiness(viewer, service)).toBe(false)
    await failing(service, 9)
    expect(await evaluateReadiness(viewer, service)).toBe(true)
    const view = await getReadiness(viewer, service, 7)
    expect(view.findings.find((each) => each.code === 'signal.endpoint-failures')?.since).not.toBeNull()
    expect(view.arithmetic.totalSeconds).toBeGreaterThan(0)
    expect(view.history.length).toBeGreaterThan(0)
  })
})

describe('rows changed in bulk', () => {
  const instant = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString()
  const seen = (service: string, rows: number, at: string, until: string) => ({
    ...{ service, serverId: 'db-us-east', limitRows: 1_000, windowMs: 10_000 },
    change: { table: 'public.links', rows, at, until, lsn: '0/3000148' },
  })
  const open = (serviceId: string) =>
    plane.db.alert.findMany({ where: { serviceId, signal: bulkChangeSignal, state: { not: 'resolved' } } })

  it('are one anomaly and one alert, however many see them, and another once the table was still', async () => {
    const service = await steadyService()
    const [at, until] = [instant(-60), instant(-58)]
    const told = await Promise.all(
      [2_000, 2_400, 2_300, 2_100].map((rows, n) =>
        recordAnomaly(evaluator(), seen(service, rows, instant(-60 + n / 10), until)),
      ),
    )
    expect(told.filter(Boolean)).toHaveLength(1)
    expect(await recordAnomaly(evaluator(), seen(service, 9_000, at, instant(-50)))).toBe(false)
    const [row] = await plane.db.anomaly.findMany({ where: { serviceId: service } })
    expect(row?.rows).toBe(9_000n)
    expect(await open(service)).toHaveLength(1)
    expect(await recordAnomaly(evaluator(), seen(service, 1_500, instant(-5), instant(-4)))).toBe(true)
    expect(await plane.db.anomaly.count({ where: { serviceId: service } })).toBe(2)
    expect(await open(service)).toHaveLength(1)
  })

  it('stay an alert until somebody knows of them and the table is still', async () => {
    const service = await steadyService()
    await recordAnomaly(evaluator(), seen(service, 5_000, instant(-4_000), instant(-3_990)))
    await evaluateAlerts(evaluator(), service)
    const [alert] = await open(service)
    expect(alert?.state).toBe('firing')
    await plane.db.alert.update({ where: { id: alert?.id ?? '' }, data: { state: 'acknowledged' } })
    await evaluateAlerts(evaluator(), service)
    expect(await open(service)).toEqual([])
  })
})
