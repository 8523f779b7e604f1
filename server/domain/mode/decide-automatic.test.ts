import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lostPrimaryFacts, seenBy } from '@/server/testing/facts'
import { buildFailoverPlan } from '../plan/build-failover'
import type { Plan } from '../plan/types'
import { decideAutomatic, patienceMs } from './decide-automatic'
import type { ModeFacts, Sight } from './mode-facts'
import { whatHappens } from './what-happens'

const planFacts = lostPrimaryFacts()
const nowMs = planFacts.nowMs
const at = (agoMs: number): string => new Date(nowMs - agoMs).toISOString()
const plan = buildFailoverPlan(planFacts)
const sight = (vantage: string, verdict: Sight['verdict'], failures = verdict === 'failing' ? 2 : 0): Sight => ({
  vantage,
  verdict,
  failures,
  observedAt: at(400),
})

/** us-east is confirmed dead, and everything that has to hold does. */
const clear: ModeFacts = {
  nowMs,
  asked: 'now',
  mode: 'automatic',
  policy: planFacts.config.policies.automatic,
  failuresToConfirm: 2,
  from: {
    region: 'us-east',
    name: 'US East',
    sights: [sight('vantage-a', 'failing'), sight('vantage-b', 'failing')],
  },
  to: { region: 'us-west', name: 'US West', sights: [sight('vantage-a', 'ok'), sight('vantage-b', 'ok')] },
  killSwitches: { service: null, all: null },
  standing: { id: 'standing-1', state: 'valid', problems: [], expiresAt: at(-86_400_000), approvers: ['Ann', 'Bo'] },
  incident: { id: 'inc-1', state: 'confirmed', region: 'us-east', openedAt: at(1000), confirmedAt: at(10) },
  opened: { automatic: 0, drafts: [] },
  lastAutomatic: null,
  plan,
  candidates: [{ serverId: 'db-us-west', observedAt: at(400) }],
  activeRun: null,
  waitingRun: null,
  maintenance: null,
}

const on = { on: true, reason: 'network work', changedAt: at(60_000), changedBy: 'ann@test' }
const lost = (over: Partial<Plan['expected']['loss']>): Plan => ({
  ...plan,
  expected: { ...plan.expected, loss: { ...plan.expected.loss, ...over } },
})
const without = (kind: string, subject: string): Plan =>
  buildFailoverPlan({
    ...planFacts,
    observations: planFacts.observations.filter((each) => each.kind !== kind || each.subject !== subject),
  })

/** Each breaks one rule of acting, and says what is done instead. */
const breaks: [name: string, code: string, change: Partial<ModeFacts>, instead: 'draft' | 'wait' | 'refuse'][] = [
  ['the mode is manual', 'mode.allows', { mode: 'manual' }, 'refuse'],
  ['the service’s kill switch is on', 'kill-switch.service', { killSwitches: { service: on, all: null } }, 'refuse'],
  ['everybody’s kill switch is on', 'kill-switch.all', { killSwitches: { service: null, all: on } }, 'refuse'],
  ['maintenance is announced', 'maintenance.none', { maintenance: { reason: 'disks', endsAt: at(-60_000) } }, 'refuse'],
  ['nobody asked for a standing approval', 'standing-approval.valid', { standing: null }, 'draft'],
  ...(['requested', 'rejected', 'revoked', 'expired', 'void'] as const).map((state): (typeof breaks)[number] => [
    `the standing approval is ${state}`,
    'standing-approval.valid',
    { standing: { id: 's', state, problems: ['so it is'], expiresAt: at(0), approvers: [] } },
    'draft',
  ]),
  ['no incident is open', 'incident.confirmed', { incident: null }, 'wait'],
  [
    'the incident is not confirmed',
    'incident.confirmed',
    { incident: { id: 'i', state: 'open', region: 'us-east', openedAt: at(900), confirmedAt: null } },
    'wait',
  ],
  [
    'only the public name fails',
    'incident.confirmed',
    { incident: { id: 'i', state: 'confirmed', region: null, openedAt: at(900), confirmedAt: at(5) } },
    'wait',
  ],
  [
    'one vantage point sees it',
    'outage.quorum',
    { from: { ...clear.from, sights: [sight('vantage-a', 'failing'), sight('vantage-b', 'unknown')] } },
    'wait',
  ],
  [
    'one vantage point is listed twice',
    'outage.quorum',
    { from: { ...clear.from, sights: [sight('vantage-a', 'failing'), sight('vantage-a', 'failing')] } },
    'wait',
  ],
  [
    'one has seen it once only',
    'outage.quorum',
    { from: { ...clear.from, sights: [sight('vantage-a', 'failing'), sight('vantage-b', 'failing', 1)] } },
    'wait',
  ],
  [
    'a third vantage point has an answer',
    'outage.unanimous',
    { from: { ...clear.from, sights: [...clear.from.sights, sight('vantage-c', 'ok')] } },
    'wait',
  ],
  [
    'the other region fails too',
    'region.healthy',
    { to: { ...clear.to, sights: [sight('vantage-a', 'ok'), sight('vantage-b', 'failing')] } },
    'wait',
  ],
  [
    'the other region was not seen lately',
    'region.healthy',
    { to: { ...clear.to, sights: [sight('vantage-a', 'ok'), sight('vantage-b', 'unknown')] } },
    'wait',
  ],
  ['no plan can be built', 'plan.sound', { plan: null }, 'wait'],
  ['there is no candidate', 'candidate.fit', { plan: without('agent', 'db-us-west') }, 'refuse'],
  ['fewer candidates answer than have to', 'candidate.enough', { candidates: [] }, 'draft'],
  [
    'fencing cannot be proved',
    'fencing.provable',
    {
      plan: buildFailoverPlan({
        ...planFacts,
        observations: planFacts.observations.filter(
          (each) => each.kind !== 'platform' && each.subject !== 'db-us-east',
        ),
      }),
    },
    'refuse',
  ],
  ['more bytes would be lost than the limit', 'loss.within-limits', { plan: lost({ bytes: 16_777_217 }) }, 'draft'],
  ['more seconds would be lost than the limit', 'loss.within-limits', { plan: lost({ seconds: 5.1 }) }, 'draft'],
  [
    'the loss is not known',
    'loss.within-limits',
    { plan: lost({ certainty: 'unknown', bytes: null, seconds: null }) },
    'wait',
  ],
  [
    'the primary was last seen long before',
    'loss.within-limits',
    { plan: lost({ primaryLsnAt: at(62_000) }) },
    'draft',
  ],
  ['a run is active', 'run.none-open', { activeRun: { id: 'r', kind: 'switchover', state: 'running' } }, 'refuse'],
  ['a run waits for approval', 'run.none-open', { waitingRun: { id: 'r', kind: 'failover' } }, 'refuse'],
  ['this incident has had its run', 'incident.first-run', { opened: { automatic: 1, drafts: [] } }, 'refuse'],
  [
    'this incident’s draft was turned down',
    'incident.first-run',
    { opened: { automatic: 0, drafts: [{ runId: 'r', state: 'rejected' }] } },
    'refuse',
  ],
  [
    'the last one was not acknowledged, however long ago',
    'cool-down.over',
    { lastAutomatic: { runId: 'r', at: at(90 * 86_400_000), acknowledgedAt: null } },
    'draft',
  ],
  [
    'the last one was a moment ago, though acknowledged',
    'cool-down.over',
    { lastAutomatic: { runId: 'r', at: at(60_000), acknowledgedAt: at(1000) } },
    'draft',
  ],
]

describe('deciding on a confirmed outage', () => {
  it('acts when every rule holds, and says so', () => {
    const decision = decideAutomatic(clear)
    expect(decision.reasons.filter((each) => each.holds !== true)).toEqual([])
    expect(decision.verdict).toBe('act')
    expect(whatHappens(clear, decision)).toBe('US East is down: Lifeboat fails over to US West by itself, at once.')
  })

  it.each(breaks)('does not act when %s (%s)', (_, code, change, instead) => {
    const facts = { ...clear, ...change }
    const decision = decideAutomatic(facts)
    expect(decision.reasons.find((each) => each.code === code)?.holds).not.toBe(true)
    expect(decision.verdict).toBe(instead)
    expect(whatHappens(facts, decision)).not.toContain('by itself, at once')
  })

  it('has a breaking case for every rule', () => {
    const codes = decideAutomatic(clear).reasons.map((each) => each.code)
    // One fresh vantage point is below the quorum as well: told apart here.
    const alone = decideAutomatic({
      ...clear,
      from: { ...clear.from, sights: [sight('vantage-a', 'failing')] },
    })
    expect(alone.verdict).toBe('wait')
    expect(alone.reasons.find((each) => each.code === 'sight.enough')?.holds).not.toBe(true)
    expect(codes.filter((code) => code !== 'sight.enough' && !breaks.some((each) => each[1] === code))).toEqual([])
  })

  it('asks a person once it has waited long enough for what is unknown', () => {
    const unknown = { ...clear, plan: lost({ certainty: 'unknown', bytes: null, seconds: null }) }
    const late = { ...unknown, nowMs: nowMs + patienceMs }
    expect(decideAutomatic(unknown).verdict).toBe('wait')
    expect(decideAutomatic(late).verdict).toBe('draft')
  })

  it('drafts under assisted mode without a standing approval, loss limits or cool-down, but not past a kill switch', () => {
    const assisted: ModeFacts = {
      ...clear,
      mode: 'assisted',
      standing: null,
      plan: lost({ bytes: 1e9 }),
      lastAutomatic: { runId: 'r', at: at(1000), acknowledgedAt: null },
    }
    expect(decideAutomatic(assisted).verdict).toBe('draft')
    expect(decideAutomatic({ ...assisted, killSwitches: { service: null, all: on } }).verdict).toBe('refuse')
    expect(
      decideAutomatic({ ...assisted, opened: { automatic: 0, drafts: [{ runId: 'r', state: 'superseded' }] } }).verdict,
    ).toBe('draft')
  })

  it('tells before an outage what would be done, and leaves open what only an outage shows', () => {
    const healthy: ModeFacts = {
      ...clear,
      asked: 'if-lost',
      incident: null,
      from: { ...clear.from, sights: [sight('vantage-a', 'ok'), sight('vantage-b', 'ok')] },
      plan: buildFailoverPlan({
        ...planFacts,
        inputs: { assume: 'primary-lost' },
        observations: [
          ...planFacts.observations,
          seenBy('platform', 'db-us-east', 'vantage-a', true, { state: 'running', reason: '' }, 10),
        ],
      }),
    }
    const decision = decideAutomatic(healthy)
    expect(decision.verdict).toBe('act')
    expect(decision.reasons.filter((each) => each.onlyThen).map((each) => each.holds)).toEqual([null, null, null])
    expect(whatHappens(healthy, decision)).toMatch(/^If US East dies now, Lifeboat fails over to US West by itself/)
    const unapproved = { ...healthy, standing: null }
    expect(whatHappens(unapproved, decideAutomatic(unapproved))).toContain('There is no standing approval')
  })
})

/** Everything that is wrong in the chosen cases, at once. */
function broken(chosen: readonly (typeof breaks)[number][]): ModeFacts {
  const facts = { ...clear }
  for (const [, , change] of chosen) Object.assign(facts, change)
  return facts
}

describe('any mixture of what is wrong', () => {
  const mixtures = fc.subarray(breaks, { minLength: 1 })

  it('never acts', () => {
    fc.assert(
      fc.property(mixtures, (chosen) => {
        const facts = broken(chosen)
        const decision = decideAutomatic(facts)
        expect(decision.reasons.some((each) => each.holds !== true)).toBe(true)
        expect(decision.verdict).not.toBe('act')
      }),
    )
  })

  it('acts on nothing but distinct, fresh and agreeing vantage points', () => {
    const verdicts = fc.constantFrom<Sight['verdict']>('ok', 'failing', 'unknown')
    const sights = fc.array(
      fc.record({ vantage: fc.constantFrom('a', 'b', 'c'), verdict: verdicts, failures: fc.nat(4) }),
      { maxLength: 6 },
    )
    fc.assert(
      fc.property(sights, (seen) => {
        const facts = {
          ...clear,
          from: { ...clear.from, sights: seen.map((each) => ({ ...each, observedAt: at(100) })) },
        }
        const enough = new Set(
          seen.filter((each) => each.verdict === 'failing' && each.failures >= 2).map((each) => each.vantage),
        )
        const agreed = enough.size >= 2 && seen.every((each) => each.verdict !== 'ok')
        expect(decideAutomatic(facts).verdict === 'act').toBe(agreed)
      }),
    )
  })

  it('drafts nothing and does nothing while a kill switch is on, whatever else is so', () => {
    fc.assert(
      fc.property(mixtures, fc.constantFrom('assisted' as const, 'automatic' as const), (chosen, mode) => {
        const facts = broken(chosen)
        const { verdict } = decideAutomatic({ ...facts, mode, killSwitches: { service: on, all: null } })
        expect(verdict).toBe('refuse')
      }),
    )
  })
})
