import { describe, expect, it } from 'vitest'
import { lostPrimaryFacts } from '@/server/testing/facts'
import { digestOf } from '../json'
import { type StandingApprovalFacts, standingDocument } from '../mode/standing-approval'
import { buildFailoverPlan } from '../plan/build-failover'
import { type AuthorityFacts, authorityProblems } from './authority'
import type { AutomaticAuthority } from './standing-authority'

const planFacts = lostPrimaryFacts()
const plan = buildFailoverPlan(planFacts)
const digest = digestOf(plan)
const expiresAt = '2026-11-30T00:00:00.000Z'
const document = standingDocument({ id: 'standing-1', expiresAt }, planFacts.config, plan.configDigest)
const vote = (userId: string) => ({
  userId,
  name: userId,
  decision: 'approve',
  digest: digestOf(document),
  decidedAt: '2026-11-22T00:00:00.000Z',
  disabled: false,
  grants: [{ role: 'approver' as const, service: '*' }],
})
const standing: StandingApprovalFacts = {
  id: 'standing-1',
  service: plan.service,
  document,
  digest: digestOf(document),
  configDigest: plan.configDigest,
  requesterId: 'operator',
  expiresAt,
  revokedAt: null,
  votes: [vote('ann'), vote('bo')],
}
const facts: AuthorityFacts = {
  planDocument: plan,
  plan,
  runDigest: digest,
  requesterId: 'automatic',
  approvalsRequired: 1,
  approvals: [],
  requester: { disabled: true, grants: [] },
  configDigest: plan.configDigest,
  nowMs: planFacts.nowMs,
  started: true,
  automatic: { mode: 'automatic', standing, killSwitches: [] },
}
const under = (change: Partial<StandingApprovalFacts>): AutomaticAuthority => ({
  mode: 'automatic',
  standing: { ...standing, ...change },
  killSwitches: [],
})
const stopped: [string, AutomaticAuthority][] = [
  ['the standing approval is gone', { mode: 'automatic', standing: null, killSwitches: [] }],
  ['a kill switch is on', { mode: 'automatic', standing, killSwitches: ['network work'] }],
  ['it was revoked', under({ revokedAt: '2026-11-22T02:59:00.000Z' })],
  ['it has ended, to the millisecond', under({ expiresAt: new Date(planFacts.nowMs).toISOString() })],
  [
    'its rules were changed under its digest',
    under({ document: { ...document, expiresAt: '2027-01-01T00:00:00.000Z' } }),
  ],
  ['it is for another configuration', under({ configDigest: 'd'.repeat(64) })],
  ['one of the two was its requester', under({ requesterId: 'ann' })],
  ['one person voted twice', under({ votes: [vote('ann'), vote('ann')] })],
  ['a voter’s account is disabled', under({ votes: [vote('ann'), { ...vote('bo'), disabled: true }] })],
  ['a voter lost the right', under({ votes: [vote('ann'), { ...vote('bo'), grants: [] }] })],
  ['a vote was for something else', under({ votes: [vote('ann'), { ...vote('bo'), digest: 'e'.repeat(64) }] })],
  ['an approver said no', under({ votes: [vote('ann'), vote('bo'), { ...vote('cy'), decision: 'reject' }] })],
]

describe('the authority of an automatic run', () => {
  it('is a standing approval that two others said yes to; it has no requester and no approvals of its own', () => {
    expect(authorityProblems(facts)).toEqual([])
  })

  it.each(stopped)(
    'does not hold when %s, before the point of no return; after it, forward is the only way',
    (_, automatic) => {
      expect(authorityProblems({ ...facts, automatic })).not.toEqual([])
      expect(authorityProblems({ ...facts, automatic, pastNoReturn: true })).toEqual([])
    },
  )

  it('never covers another plan, another configuration or a broken glass', () => {
    for (const pastNoReturn of [false, true]) {
      const changed = { ...facts, pastNoReturn, runDigest: 'f'.repeat(64) }
      expect(authorityProblems(changed)).not.toEqual([])
      expect(authorityProblems({ ...facts, pastNoReturn, configDigest: 'f'.repeat(64) })).not.toEqual([])
      const glass = { ...plan, overrides: [{ code: 'fencing.not-provable', risk: 'two writers' }] }
      const broken = { ...facts, pastNoReturn, plan: glass, planDocument: glass, runDigest: digestOf(glass) }
      expect(authorityProblems(broken)).toContain('a run that nobody asked for never breaks glass')
    }
  })

  it('leaves a draft to its approvals', () => {
    const draft: AuthorityFacts = { ...facts, automatic: { mode: 'assisted' }, started: false }
    expect(authorityProblems(draft)).toEqual(['0 of 1 approvals hold'])
    const yes = {
      ...{ userId: 'ann', digest, decision: 'approve', expiresAt, usedAt: null, disabled: false },
      grants: [{ role: 'approver' as const, service: '*' }],
    }
    expect(authorityProblems({ ...draft, approvals: [yes] })).toEqual([])
  })
})
