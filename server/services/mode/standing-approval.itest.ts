import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { reason, startTestModes, type TestModes, tomorrow } from '@/server/testing/modes'
import type { Context } from '../context'
import { ServiceError } from '../errors'
import { announceMaintenance, cancelMaintenance } from './announce-maintenance'
import { voteOnStandingApproval } from './decide-standing-approval'
import { requestStandingApproval } from './request-standing-approval'
import { setKillSwitch } from './set-kill-switch'

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

describe('a standing approval', () => {
  it('holds once two others have said yes to exactly its rules', async () => {
    const service = await m.lostService('automatic')
    const { id } = await m.ask(service)
    expect(await m.yes(m.ann, service, id)).toEqual({ state: 'requested' })
    expect(await m.yes(m.bo, service, id)).toEqual({ state: 'valid' })
    const third = await m.control.person('approver')
    expect((await refusal(m.yes(third, service, id))).code).toBe('wrong-state')
    const trail = await m.db.auditEntry.findMany({ where: { serviceId: service }, orderBy: { seq: 'asc' } })
    expect(trail.map((each) => each.action)).toEqual([
      'standing-approval.request',
      'standing-approval.approve',
      'standing-approval.approve',
      'standing-approval.approve',
    ])
  })

  it('takes no vote of its requester, of the unentitled, of a machine, twice, or for other rules', async () => {
    const service = await m.lostService('automatic')
    const admin = await m.control.person('admin')
    const { id } = await m.ask(service, admin)
    const other = await m.ask(service, admin)
    expect((await refusal(m.yes(admin, service, id))).code).toBe('own-request')
    expect((await refusal(m.yes(m.operator, service, id))).code).toBe('forbidden')
    const machine: Context = { ...m.ann, actor: { type: 'worker', id: 'worker-a', vantage: 'a' } }
    expect((await refusal(m.yes(machine, service, id))).code).toBe('forbidden')
    // The same rules and the same end, but another one: a vote cannot be carried over.
    expect(
      (
        await refusal(
          m.yes(
            m.ann,
            service,
            id,
            (
              await m.db.standingApproval.findUniqueOrThrow({ where: { id: other.id } })
            ).digest,
          ),
        )
      ).code,
    ).toBe('stale-digest')
    await m.yes(m.ann, service, id)
    expect((await refusal(m.yes(m.ann, service, id))).code).toBe('conflict')
    expect(await m.db.standingVote.count({ where: { approvalId: id } })).toBe(1)
    const another = await m.lostService('automatic')
    expect((await refusal(m.yes(m.bo, another, id))).code).toBe('not-found')
  })

  it('ends with one no', async () => {
    const service = await m.lostService('automatic')
    const { id } = await m.ask(service)
    const { digest } = await m.db.standingApproval.findUniqueOrThrow({ where: { id: id } })
    await voteOnStandingApproval(m.ann, { service, id, decision: 'reject', digest, comment: 'too wide' })
    expect((await refusal(m.yes(m.bo, service, id))).code).toBe('wrong-state')
  })

  it('is asked for by who may, under automatic mode, for at most as long as the policy says', async () => {
    const service = await m.lostService('automatic')
    expect((await refusal(m.ask(service, m.ann))).code).toBe('forbidden')
    expect((await refusal(m.ask(await m.lostService('assisted')))).code).toBe('wrong-state')
    for (const days of [-1, 91]) {
      const expiresAt = new Date(Date.now() + days * 86_400_000).toISOString()
      expect((await refusal(requestStandingApproval(m.operator, { service, expiresAt, reason }))).code).toBe('invalid')
    }
  })

  it('lets the one that holds hold while the next is asked for', async () => {
    const service = await m.lostService('automatic')
    await m.approved(service)
    await m.ask(service)
    expect((await m.act(service)).did).toBe('started')
  })
})

describe('the kill switch', () => {
  it('is turned on by any operator, and off by an approver or an administrator', async () => {
    const service = await m.lostService('assisted')
    const viewer = await m.control.person('viewer')
    expect((await refusal(setKillSwitch(viewer, { service, on: true, reason }))).code).toBe('forbidden')
    for (let n = 0; n < 2; n++) await setKillSwitch(m.operator, { service, on: true, reason })
    expect((await refusal(setKillSwitch(m.operator, { service, on: false, reason }))).code).toBe('forbidden')
    expect((await refusal(setKillSwitch(m.ann, { service, on: false, reason: '' }))).code).toBe('invalid')
    await setKillSwitch(m.ann, { service, on: false, reason })
    expect((await m.act(service)).did).toBe('drafted')
  })

  it('for all services needs the right on all of them, and stops each', async () => {
    const service = await m.lostService('assisted')
    const here = await m.control.person('operator', { service })
    expect((await refusal(setKillSwitch(here, { service, on: true, scope: 'all', reason }))).code).toBe('forbidden')
    await setKillSwitch(m.operator, { service, on: true, scope: 'all', reason })
    try {
      expect((await m.act(service)).did).toBe('held')
    } finally {
      await setKillSwitch(m.ann, { service, on: false, scope: 'all', reason })
    }
    expect((await m.act(service)).did).toBe('drafted')
  })
})

describe('announced maintenance', () => {
  it('ends by itself or by hand', async () => {
    const service = await m.lostService('assisted')
    const span = { startsAt: new Date().toISOString(), endsAt: tomorrow() }
    const { id } = await announceMaintenance(m.operator, { service, ...span, reason })
    expect((await m.act(service)).did).toBe('held')
    expect((await refusal(cancelMaintenance(m.operator, { service, id }))).code).toBe('forbidden')
    await cancelMaintenance(m.ann, { service, id })
    expect((await refusal(cancelMaintenance(m.ann, { service, id }))).code).toBe('wrong-state')
    expect((await m.act(service)).did).toBe('drafted')
  })
})
