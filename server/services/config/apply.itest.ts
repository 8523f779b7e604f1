import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import type { ServiceConfig } from '@/server/domain/service-config'
import { startTestControlPlane, type TestControlPlane } from '@/server/testing/control-plane'
import { testConfig } from '@/server/testing/facts'
import type { Context } from '../context'
import { ServiceError } from '../errors'
import { acknowledgeIncident } from '../incidents/acknowledge'
import { applyConfig } from './apply'

let control: TestControlPlane
let admin: Context

beforeAll(async () => {
  control = await startTestControlPlane(64)
  admin = await control.person('admin')
})
afterAll(async () => control?.stop())

const document = (...services: ServiceConfig[]) => stringify({ version: 1, services })
const named = (id: string, over: Partial<ServiceConfig> = {}): ServiceConfig => ({ ...testConfig(), id, ...over })
const apply = (text: string, who = admin, dryRun = false) => applyConfig(who, { document: text, dryRun })

async function refusal(work: Promise<unknown>): Promise<ServiceError> {
  const error = await work.catch((thrown: unknown) => thrown)
  if (error instanceof ServiceError) return error
  throw error
}

describe('applyConfig', () => {
  it('creates, leaves alone what did not change, and keeps each version', async () => {
    expect(await apply(document(named('one'), named('two')))).toMatchObject([
      { service: 'one', change: 'created', version: 1 },
      { service: 'two', change: 'created', version: 1 },
    ])
    const again = await apply(document(named('one', { name: 'Renamed' }), named('two')))
    expect(again.map((each) => [each.change, each.version])).toEqual([
      ['changed', 2],
      ['unchanged', 1],
    ])
    const row = await control.db.service.findUniqueOrThrow({
      where: { id: 'one' },
      include: { lease: true, configs: true },
    })
    expect(row).toMatchObject({ name: 'Renamed', configVersion: 2, writerServerId: null, lease: { generation: 0n } })
    expect(row.configs.map((each) => each.version).sort()).toEqual([1, 2])
    const entries = await control.db.auditEntry.findMany({ where: { action: 'config.apply', outcome: 'ok' } })
    expect(entries.map((each) => each.subject)).toEqual(['service/one', 'service/two', 'service/one'])
  })

  it('says what would change and writes nothing', async () => {
    expect(await apply(document(named('dry')), admin, true)).toMatchObject([{ service: 'dry', change: 'created' }])
    expect(await control.db.service.count({ where: { id: 'dry' } })).toBe(0)
  })

  it('refuses who lacks the right, and writes it down', async () => {
    const error = await refusal(apply(document(named('three')), await control.person('operator')))
    expect(error.code).toBe('forbidden')
    expect(await control.db.service.count({ where: { id: 'three' } })).toBe(0)
    expect(await control.db.auditEntry.count({ where: { action: 'config.apply', outcome: 'deny' } })).toBe(1)
  })

  it('refuses to change the ground under an active run', async () => {
    const id = await control.lostService()
    const { requestRun } = await import('../runs/request')
    const { runId } = await requestRun(admin, { service: id, kind: 'failover', inputs: {}, reason: 'a test' })
    await control.db.run.update({ where: { id: runId }, data: { state: 'running' } })
    const error = await refusal(apply(document(named('zzz'), named(id, { name: 'Renamed' }))))
    expect(error.code).toBe('conflict')
    expect(error.message).toContain(runId)
    expect(await control.db.service.count({ where: { id: 'zzz' } })).toBe(0)
  })

  it('lets one of many that create the same service win', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, n) => apply(document(named('raced', { name: `Name ${n}` })))),
    )
    const versions = await control.db.serviceConfigVersion.findMany({ where: { serviceId: 'raced' } })
    const done = results.filter((each) => each.status === 'fulfilled')
    expect(done.length).toBeGreaterThan(0)
    expect(versions.length).toBe(done.length)
    for (const each of results) if (each.status === 'rejected') expect(each.reason).toMatchObject({ code: 'conflict' })
  })
})

describe('acknowledgeIncident', () => {
  it('keeps the first one, and says it in the timeline and the audit trail', async () => {
    const service = await control.lostService()
    const { id: incidentId } = await control.db.incident.findFirstOrThrow({ where: { serviceId: service } })
    expect(await refusal(acknowledgeIncident(await control.person('viewer'), { incidentId }))).toMatchObject({
      code: 'forbidden',
    })
    const operator = await control.person('operator')
    const answers = await Promise.all(Array.from({ length: 10 }, () => acknowledgeIncident(operator, { incidentId })))
    expect(new Set(answers.map((each) => each.acknowledgedAt)).size).toBe(1)
    const events = await control.db.incidentEvent.findMany({ where: { incidentId } })
    expect(events.map((each) => each.kind)).toEqual(['acknowledge'])
    const entries = await control.db.auditEntry.findMany({ where: { subject: `incident/${incidentId}` } })
    expect(entries.map((each) => each.outcome)).toEqual(['deny', 'ok'])
    expect((await refusal(acknowledgeIncident(operator, { incidentId: 'none' }))).code).toBe('not-found')
  })
})
