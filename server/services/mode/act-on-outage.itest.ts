import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readAuditEntries } from '@/server/db/repositories/audit-entries'
import { verifyChain } from '@/server/domain/audit-chain'
import { executeRun } from '@/server/executor/run'
import { reason, startTestModes, type TestModes } from '@/server/testing/modes'
import { harnessDeps } from '@/server/testing/plan-harness-parts'
import { World } from '@/server/testing/world/world'
import { ServiceError } from '../errors'
import { acknowledgeFailover } from './acknowledge-failover'
import { announceMaintenance } from './announce-maintenance'
import { revokeStandingApproval } from './decide-standing-approval'
import { setKillSwitch } from './set-kill-switch'
import { supersedeDrafts } from './supersede-drafts'

let m: TestModes

beforeAll(async () => {
  m = await startTestModes(83)
})
afterAll(async () => m?.control.stop())

async function refusal(work: Promise<unknown>): Promise<ServiceError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (error instanceof ServiceError) return error
  throw error ?? new Error('it was not refused')
}

describe('acting on a confirmed outage', () => {
  it('opens and approves the run by the standing approval, and says whose yes that is', async () => {
    const service = await m.lostService('automatic')
    const id = await m.approved(service)
    const runId = await m.started(service)
    const run = await m.db.run.findUniqueOrThrow({ where: { id: runId }, include: { approvals: true } })
    expect(run).toMatchObject({ state: 'approved', kind: 'failover', requesterId: 'automatic', approvals: [] })
    const entry = await m.db.auditEntry.findFirstOrThrow({ where: { runId, action: 'run.approve' } })
    expect(entry.data).toMatchObject({
      digest: run.digest,
      standingApproval: id,
      comment: `Approved by standing approval ${id}, which approver and approver approved.`,
    })
    const events = await m.db.incidentEvent.findMany({ where: { incident: { serviceId: service } } })
    expect(events.map((each) => each.kind)).toEqual(['act'])
    const world = new World()
    await executeRun(runId, harnessDeps(m.db, world, 'worker-a'))
    expect(await m.db.run.findUniqueOrThrow({ where: { id: runId } })).toMatchObject({ state: 'succeeded' })
    expect(world.broken).toEqual([])
  })

  it('many workers at once open one run', async () => {
    const service = await m.lostService('automatic')
    await m.approved(service)
    const acted = await Promise.all(Array.from({ length: 12 }, () => m.act(service)))
    expect(acted.filter((each) => each.did === 'started')).toHaveLength(1)
    expect(await m.runsOf(service)).toHaveLength(1)
  })

  it('does it once an incident, and not again before a person has acknowledged it', async () => {
    const service = await m.lostService('automatic')
    await m.approved(service)
    const runId = await m.started(service)
    await m.db.run.update({ where: { id: runId }, data: { state: 'compensated' } })
    expect((await m.act(service)).did).toBe('held')
    const next = async () => {
      await m.moveIncident(service, 'closed')
      const { id: _, ...columns } = await m.db.incident.findFirstOrThrow({ where: { serviceId: service } })
      const { measured: __, ...row } = columns
      await m.db.incident.create({
        data: { ...row, id: randomUUID(), state: 'confirmed', openedAt: new Date(), confirmedAt: new Date() },
      })
    }
    await next()
    const drafted = await m.act(service)
    expect(drafted.did).toBe('drafted')
    const viewer = await m.control.person('viewer')
    expect((await refusal(acknowledgeFailover(viewer, { service, reason }))).code).toBe('forbidden')
    expect(await acknowledgeFailover(m.operator, { service, reason })).toEqual({ runIds: [runId] })
    expect((await refusal(acknowledgeFailover(m.operator, { service, reason }))).code).toBe('wrong-state')
    await next()
    await supersedeDrafts(m.worker, service)
    expect((await m.act(service)).did).toBe('started')
  })

  it('cannot be acknowledged while it runs', async () => {
    const service = await m.lostService('automatic')
    await m.approved(service)
    await m.started(service)
    expect((await refusal(acknowledgeFailover(m.ann, { service, reason }))).code).toBe('wrong-state')
  })

  it.each<[string, (service: string, id: string) => Promise<unknown>, 'drafted' | 'held']>([
    ['was revoked', (service, id) => revokeStandingApproval(m.operator, { service, id, reason }), 'drafted'],
    [
      'has ended',
      (_, id) => m.db.$executeRaw`UPDATE standing_approval SET expires_at = clock_timestamp() WHERE id = ${id}`,
      'drafted',
    ],
    [
      'is for another configuration',
      (service) => m.db.service.update({ where: { id: service }, data: { configDigest: 'f'.repeat(64) } }),
      'drafted',
    ],
    [
      'has other rules than were approved',
      (_, id) =>
        m.db
          .$executeRaw`UPDATE standing_approval SET document = jsonb_set(document, '{policy,quorum}', '3') WHERE id = ${id}`,
      'drafted',
    ],
    ['is stopped by the kill switch', (service) => setKillSwitch(m.operator, { service, on: true, reason }), 'held'],
    [
      'is stopped by announced maintenance',
      (service) =>
        announceMaintenance(m.operator, {
          service,
          startsAt: new Date(Date.now() - 1000).toISOString(),
          endsAt: new Date(Date.now() + 60_000).toISOString(),
          reason,
        }),
      'held',
    ],
  ])('does not act when the standing approval %s', async (_, change, instead) => {
    const service = await m.lostService('automatic')
    const id = await m.approved(service)
    await change(service, id)
    expect((await m.act(service)).did).toBe(instead)
    expect((await m.runsOf(service)).filter((each) => each.state !== 'awaiting_approval')).toEqual([])
  })

  it('is void when a voter has lost the account or the right', async () => {
    for (const change of [
      (id: string) => m.db.user.update({ where: { id }, data: { disabledAt: new Date() } }),
      (id: string) => m.db.grant.deleteMany({ where: { userId: id } }),
    ]) {
      const service = await m.lostService('automatic')
      const { id } = await m.ask(service)
      const leaving = await m.control.person('approver')
      await m.yes(m.ann, service, id)
      await m.yes(leaving, service, id)
      await change(leaving.actor.id)
      expect((await m.act(service)).did).toBe('drafted')
      const [run] = await m.runsOf(service)
      expect(run?.reason).toContain('no longer counts')
    }
  })

  it('does nothing in manual mode, without a confirmed outage, or when one vantage point is alone with what it sees', async () => {
    expect((await m.act(await m.lostService('manual'))).did).toBe('nothing')
    const recovered = await m.lostService('automatic')
    await m.approved(recovered)
    await m.moveIncident(recovered, 'recovered')
    expect((await m.act(recovered)).did).toBe('nothing')
    const cut = await m.lostService('automatic')
    await m.approved(cut)
    await m.db.observation.updateMany({
      where: { serviceId: cut, kind: 'endpoint', subject: 'us-east', vantage: 'vantage-b' },
      data: { ok: true },
    })
    expect((await m.act(cut)).did).toBe('waits')
    expect(await m.runsOf(cut)).toEqual([])
  })

  it('says once on the incident why nothing was done', async () => {
    const service = await m.lostService('automatic')
    await setKillSwitch(m.operator, { service, on: true, reason: 'moving racks' })
    for (let n = 0; n < 3; n++) expect((await m.act(service)).did).toBe('held')
    const events = await m.db.incidentEvent.findMany({ where: { incident: { serviceId: service } } })
    expect(events).toHaveLength(1)
    expect(events[0]?.message).toContain('moving racks')
  })
})

it('leaves a chain that verifies', async () => {
  expect(await verifyChain(readAuditEntries(m.db))).toMatchObject({ ok: true, reason: null })
})
