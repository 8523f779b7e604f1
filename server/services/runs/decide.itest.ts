import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readAuditEntries } from '@/server/db/repositories/audit-entries'
import { verifyChain } from '@/server/domain/audit-chain'
import { startTestControlPlane, type TestControlPlane } from '@/server/testing/control-plane'
import type { Context } from '../context'
import { ServiceError } from '../errors'
import { decideRun } from './decide'
import { expireRuns } from './expire'
import { previewPlan } from './preview'
import { requestRun } from './request'

let control: TestControlPlane
let operator: Context
let approver: Context

beforeAll(async () => {
  control = await startTestControlPlane(64)
  operator = await control.person('operator')
  approver = await control.person('approver')
})
afterAll(async () => control?.stop())

const reason = 'us-east is gone'
const failover = (service: string, who = operator) => requestRun(who, { service, kind: 'failover', inputs: {}, reason })

/** The error that a verb throws, as a test reads it. */
async function refusal(work: Promise<unknown>): Promise<ServiceError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (error instanceof ServiceError) return error
  throw error ?? new Error('it was not refused')
}

const run = (id: string) =>
  control.db.run.findUniqueOrThrow({ where: { id }, include: { approvals: true, steps: true } })
const entries = (runId: string) => control.db.auditEntry.findMany({ where: { runId }, orderBy: { seq: 'asc' } })
const eventsOf = (runId: string) => control.db.event.findMany({ where: { runId } })

async function opened(change?: Parameters<TestControlPlane['lostService']>[0]) {
  const service = await control.lostService(change)
  const { runId } = await failover(service)
  const { digest } = await run(runId)
  return { service, runId, digest }
}

describe('previewPlan and requestRun', () => {
  it('opens the run that was shown, waiting for approval, with its audit entry and event', async () => {
    const service = await control.lostService()
    const shown = await previewPlan(operator, { service, kind: 'failover', inputs: {} })
    expect(shown.reasons).toEqual([])
    expect(shown.runnable).toBe(true)
    const { runId } = await failover(service)
    const row = await run(runId)
    expect(row.state).toBe('awaiting_approval')
    expect(row.steps.length).toBe(shown.plan.steps.length)
    expect(row.expiresAt.getTime() - row.requestedAt.getTime()).toBe(60 * 60_000)
    expect((await entries(runId)).map((each) => [each.action, each.outcome])).toEqual([['run.request', 'ok']])
    expect((await eventsOf(runId)).map((each) => each.kind)).toContain('run.changed')
  })

  it('previews a plan with blockers and refuses to open it, listing them', async () => {
    const service = await control.lostService()
    await control.db.observation.deleteMany({ where: { serviceId: service, subject: 'db-us-west' } })
    const shown = await previewPlan(operator, { service, kind: 'failover', inputs: {} })
    expect(shown.runnable).toBe(false)
    const error = await refusal(failover(service))
    expect(error.code).toBe('not-runnable')
    expect(error.errors.length).toBeGreaterThan(0)
    expect(await control.db.run.count({ where: { serviceId: service } })).toBe(0)
    const denied = await control.db.auditEntry.findMany({ where: { serviceId: service } })
    expect(denied.map((each) => [each.action, each.outcome])).toEqual([['run.request', 'deny']])
  })

  it('refuses who lacks the right, and says which roles have it', async () => {
    const service = await control.lostService()
    const error = await refusal(failover(service, approver))
    expect(error.code).toBe('forbidden')
    expect(error.message).toContain('operator')
    const [entry] = await control.db.auditEntry.findMany({ where: { serviceId: service } })
    expect(entry).toMatchObject({ action: 'run.request', outcome: 'deny' })
  })

  it('hides a service from who may not read it', async () => {
    const service = await control.lostService()
    const elsewhere = await control.person('operator', { service: 'another' })
    expect((await refusal(failover(service, elsewhere))).code).toBe('not-found')
    expect((await refusal(failover('no-such-service'))).code).toBe('not-found')
  })

  it('refuses other kinds, unknown inputs, a rehearsal, and break-glass without the right', async () => {
    const service = await control.lostService()
    const asking = (kind: string, inputs: Parameters<typeof requestRun>[1]['inputs']) =>
      refusal(requestRun(operator, { service, kind, inputs, reason }))
    expect((await asking('switchover', {})).code).toBe('not-runnable')
    expect((await asking('failover', { brakeGlass: [] })).code).toBe('invalid')
    expect((await asking('failover', { assume: 'primary-lost' })).code).toBe('invalid')
    expect((await asking('failover', { breakGlass: ['fencing.not-provable'] })).code).toBe('forbidden')
  })
})

describe('decideRun', () => {
  const yes = (who: Context, runId: string, digest: string) =>
    decideRun(who, { runId, decision: 'approve', digest, comment: 'go' })

  it('approves, wakes the workers after the commit, and writes everything down', async () => {
    const { runId, digest } = await opened()
    expect(await yes(approver, runId, digest)).toEqual({ state: 'approved', given: 1, required: 1 })
    const row = await run(runId)
    expect(row.state).toBe('approved')
    expect(row.approvedAt).not.toBeNull()
    expect(row.approvals).toHaveLength(1)
    expect(control.woken).toContain(runId)
    expect((await entries(runId)).map((each) => each.action)).toEqual(['run.request', 'run.approve'])
    expect((await eventsOf(runId)).map((each) => each.kind)).toContain('approval.changed')
  })

  it('rejects, and the run is over', async () => {
    const { runId, digest } = await opened()
    await decideRun(approver, { runId, decision: 'reject', digest, comment: 'not now' })
    expect(await run(runId)).toMatchObject({ state: 'rejected' })
    expect((await refusal(yes(await control.person('approver'), runId, digest))).code).toBe('wrong-state')
    expect(control.woken).not.toContain(runId)
  })

  it('refuses the requester, by session and by token, whatever else they may', async () => {
    const service = await control.lostService()
    const admin = await control.person('admin')
    const { runId } = await failover(service, admin)
    const { digest } = await run(runId)
    const byToken = await control.person('admin', { id: admin.actor.id, via: 'token' })
    for (const who of [admin, byToken]) expect((await refusal(yes(who, runId, digest))).code).toBe('own-request')
    expect(await run(runId)).toMatchObject({ state: 'awaiting_approval', approvals: [] })
    const denied = (await entries(runId)).filter((each) => each.outcome === 'deny')
    expect(denied.map((each) => each.action)).toEqual(['run.approve', 'run.approve'])
  })

  it('refuses who lacks the right', async () => {
    const { runId, digest } = await opened()
    expect((await refusal(yes(await control.person('viewer'), runId, digest))).code).toBe('forbidden')
    expect((await refusal(yes(await control.person('approver', { service: 'another' }), runId, digest))).code).toBe(
      'not-found',
    )
    expect((await run(runId)).state).toBe('awaiting_approval')
  })

  it('refuses another digest, and a plan that was changed under its digest', async () => {
    const { runId, digest } = await opened()
    expect((await refusal(yes(approver, runId, 'a'.repeat(64)))).code).toBe('stale-digest')
    const { planId } = await run(runId)
    await control.db
      .$executeRaw`UPDATE plan SET document = jsonb_set(document, '{summary}', '"another"') WHERE id = ${planId}`
    expect((await refusal(yes(approver, runId, digest))).code).toBe('stale-digest')
    expect(await run(runId)).toMatchObject({ state: 'awaiting_approval', approvals: [] })
  })

  it('refuses at the very end of the time, by the control database’s clock', async () => {
    const { runId, digest } = await opened()
    await control.db.$executeRaw`UPDATE run SET expires_at = clock_timestamp() WHERE id = ${runId}`
    expect((await refusal(yes(approver, runId, digest))).code).toBe('expired')
    await control.db
      .$executeRaw`UPDATE run SET expires_at = clock_timestamp() + interval '20 seconds' WHERE id = ${runId}`
    expect((await yes(approver, runId, digest)).state).toBe('approved')
  })

  it('needs as many people as the policy says, each once', async () => {
    const { runId, digest } = await opened((config) => ({
      ...config,
      policies: { ...config.policies, approvalsRequired: 2 },
    }))
    expect((await yes(approver, runId, digest)).state).toBe('awaiting_approval')
    expect((await refusal(yes(approver, runId, digest))).code).toBe('conflict')
    expect((await yes(await control.person('approver'), runId, digest)).state).toBe('approved')
  })

  it('refuses a plan that the service has moved on from', async () => {
    const { service, runId, digest } = await opened()
    await control.db.service.update({ where: { id: service }, data: { writerServerId: 'db-us-west' } })
    const error = await refusal(yes(approver, runId, digest))
    expect(error.code).toBe('conflict')
    expect(error.message).toContain('db-us-west')
  })

  it('changes nothing when the audit entry cannot be written', async () => {
    const { runId, digest } = await opened()
    await control.db.$executeRaw`
      CREATE FUNCTION fail_audit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''disk full''; END'`
    await control.db.$executeRaw`CREATE TRIGGER fail_audit BEFORE INSERT ON audit_entry EXECUTE FUNCTION fail_audit()`
    try {
      await expect(yes(approver, runId, digest)).rejects.toThrow('disk full')
      await expect(failover(await control.lostService())).rejects.toThrow('disk full')
    } finally {
      await control.db.$executeRaw`DROP TRIGGER fail_audit ON audit_entry`
    }
    expect(await run(runId)).toMatchObject({ state: 'awaiting_approval', approvals: [] })
    expect(control.woken).not.toContain(runId)
    expect((await yes(approver, runId, digest)).state).toBe('approved')
  })
})

describe('many at once', () => {
  it('fifty people decide on one run: one makes it approved', async () => {
    const { runId, digest } = await opened()
    const people = await Promise.all(Array.from({ length: 50 }, () => control.person('approver')))
    const results = await Promise.allSettled(
      people.map((who) => decideRun(who, { runId, decision: 'approve', digest, comment: '' })),
    )
    expect(results.filter((each) => each.status === 'fulfilled')).toHaveLength(1)
    for (const each of results) if (each.status === 'rejected') expect(each.reason).toBeInstanceOf(ServiceError)
    expect((await run(runId)).approvals).toHaveLength(1)
  })

  it('fifty requests of one service may wait; one of them becomes approved, and the others hear which', async () => {
    const service = await control.lostService()
    const made = await Promise.all(Array.from({ length: 50 }, () => failover(service)))
    const runs = await control.db.run.findMany({ where: { id: { in: made.map((each) => each.runId) } } })
    expect(runs).toHaveLength(50)
    const results = await Promise.allSettled(
      runs.map((each) =>
        decideRun(approver, { runId: each.id, decision: 'approve', digest: each.digest, comment: '' }),
      ),
    )
    expect(results.filter((each) => each.status === 'fulfilled')).toHaveLength(1)
    const active = await control.db.run.findMany({ where: { serviceId: service, state: 'approved' } })
    expect(active).toHaveLength(1)
    const refused = results.flatMap((each) => (each.status === 'rejected' ? [String(each.reason)] : []))
    expect(refused.every((message) => message.includes(active[0]?.id ?? '?'))).toBe(true)
  })

  it('leaves a chain that verifies', async () => {
    const verdict = await verifyChain(readAuditEntries(control.db))
    expect(verdict).toMatchObject({ ok: true, reason: null })
  })
})

describe('expireRuns', () => {
  it('ends what nobody decided on or started in time, once, and nothing else', async () => {
    const waiting = await opened()
    const approved = await opened()
    const fresh = await opened()
    await decideRun(approver, { runId: approved.runId, decision: 'approve', digest: approved.digest, comment: '' })
    const due = [waiting.runId, approved.runId]
    await control.db.$executeRaw`UPDATE run SET expires_at = clock_timestamp() WHERE id = ANY(${due})`
    const worker = { db: control.db, actor: { type: 'worker' as const, id: 'worker-a', vantage: 'vantage-a' } }
    const twice = await Promise.all([expireRuns(worker), expireRuns(worker)])
    expect(twice.flat().sort()).toEqual([...due].sort())
    expect((await run(waiting.runId)).state).toBe('expired')
    expect((await run(approved.runId)).state).toBe('expired')
    expect((await run(fresh.runId)).state).toBe('awaiting_approval')
    expect((await entries(waiting.runId)).at(-1)).toMatchObject({ action: 'run.expire', outcome: 'ok' })
  })
})
