import { describe, expect, it } from 'vitest'
import { lostPrimaryFacts } from '@/server/testing/facts'
import { digestOf } from '../json'
import { buildFailoverPlan } from '../plan/build-failover'
import { type AuthorityFacts, authorityProblems } from './authority'

const plan = buildFailoverPlan(lostPrimaryFacts())
const digest = digestOf(plan)
const yes = {
  userId: 'approver',
  digest,
  decision: 'approve',
  expiresAt: '2026-11-22T04:00:00.000Z',
  usedAt: null,
  disabled: false,
  grants: [{ role: 'approver' as const, service: 'shortener' }],
}
const facts: AuthorityFacts = {
  planDocument: plan,
  plan,
  runDigest: digest,
  requesterId: 'operator',
  approvalsRequired: 1,
  approvals: [yes],
  requester: { disabled: false, grants: [{ role: 'operator', service: '*' }] },
  configDigest: plan.configDigest,
  nowMs: Date.parse('2026-11-22T03:30:00.000Z'),
  started: false,
}

describe('the authority of a run', () => {
  it('holds for a yes of somebody else to exactly this plan', () => {
    expect(authorityProblems(facts)).toEqual([])
  })

  it.each<[string, Partial<AuthorityFacts>]>([
    ['the plan was changed after the approval', { planDocument: { ...plan, summary: `${plan.summary} ` } }],
    [
      'one step’s input was changed',
      {
        planDocument: {
          ...plan,
          steps: plan.steps.map((step, index) =>
            index === 4 ? { ...step, input: { ...step.input, serverId: 'db-other' } } : step,
          ),
        },
      },
    ],
    ['the configuration was changed', { configDigest: 'd'.repeat(64) }],
    ['the approver asked for it', { requesterId: 'approver' }],
    ['the approval is for another digest', { approvals: [{ ...yes, digest: 'e'.repeat(64) }] }],
    ['the approver said no', { approvals: [{ ...yes, decision: 'reject' }] }],
    ['the approver lost the right', { approvals: [{ ...yes, grants: [{ role: 'viewer', service: '*' }] }] }],
    [
      'the approver is entitled for another service only',
      { approvals: [{ ...yes, grants: [{ role: 'approver', service: 'billing' }] }] },
    ],
    ['the approver’s account was disabled', { approvals: [{ ...yes, disabled: true }] }],
    ['the approval ran out, to the millisecond', { nowMs: Date.parse(yes.expiresAt) }],
    ['the approval was used before', { approvals: [{ ...yes, usedAt: '2026-11-22T03:01:00.000Z' }] }],
    ['two are needed and one person said yes twice', { approvalsRequired: 2, approvals: [yes, yes] }],
    [
      'the requester’s account was disabled',
      { requester: { disabled: true, grants: [{ role: 'operator', service: '*' }] } },
    ],
  ])('does not hold when %s', (_, change) => {
    expect(authorityProblems({ ...facts, ...change })).not.toEqual([])
  })

  it('outlives the expiry once the run has started in time, but not a withdrawn right', () => {
    const started = {
      ...facts,
      started: true,
      nowMs: Date.parse('2026-11-23T00:00:00.000Z'),
      approvals: [{ ...yes, usedAt: '2026-11-22T03:31:00.000Z' }],
    }
    expect(authorityProblems(started)).toEqual([])
    expect(authorityProblems({ ...started, approvals: [{ ...yes, disabled: true }] })).not.toEqual([])
  })
})
