import { describe, expect, it } from 'vitest'
import { delayedFacts, delayedInputs as inputs } from '@/server/testing/delayed-facts'
import { now } from '@/server/testing/facts'
import type { AgentObservation } from '../agent-protocol'
import { configIssues } from '../config-checks'
import { blockers } from '../finding'
import { digestOf } from '../json'
import { buildFailoverPlan } from './build-failover'
import { buildRollForwardPlan } from './build-roll-forward'
import type { PlanFacts } from './facts'
import { chooseCandidate } from './failover-loss'
import { planKinds } from './kinds'
import { lintPlan } from './lint-plan'
import { plan as planSchema } from './types'

const iso = (agoMs: number): string => new Date(now - agoMs).toISOString()
const { at } = inputs

const stops = (facts: PlanFacts): string[] => blockers(buildRollForwardPlan(facts).findings).map((each) => each.code)
const finding = (facts: PlanFacts, code: string) =>
  buildRollForwardPlan(facts).findings.find((each) => each.code === code)

describe('the plan that rolls a delayed standby forward', () => {
  it('holds first, touches nothing that serves before it has looked, and moves traffic last', () => {
    const plan = buildRollForwardPlan(delayedFacts())
    expect(plan.steps.map((step) => step.stepId)).toEqual([
      'agent.hold-replay',
      'agent.roll-forward',
      'postgres.check-content',
      'agent.fence-primary',
      'postgres.verify-fence',
      'postgres.promote-candidate',
      'postgres.prove-writable',
      'agent.stop-standby',
      'workload.point-at-primary',
      'cache.prewarm',
      'workload.scale-region',
      'workload.point-at-primary',
      'dns.edit-records',
      'dns.await-resolvers',
      'service.verify-synthetic',
    ])
    const pointed = plan.steps.filter((step) => step.stepId === 'workload.point-at-primary')
    expect(pointed.map((step) => [step.input.region, step.input.serverId])).toEqual([
      ['us-west', 'db-us-west-2'],
      ['us-east', 'db-us-west-2'],
    ])
    expect(stops(delayedFacts())).toEqual([])
    expect(plan.to.serverId).toBe('db-us-west-2')
  })

  it('is a plan by its own schema, safe by its own lint, and the same for the same facts', () => {
    const built = buildRollForwardPlan(delayedFacts())
    expect(planSchema.parse(JSON.parse(JSON.stringify(built)))).toEqual(built)
    expect(lintPlan(built)).toEqual([])
    expect(digestOf(buildRollForwardPlan(delayedFacts()))).toBe(digestOf(built))
  })

  it('says what it leaves behind: at most, and where it is kept', () => {
    const { loss } = buildRollForwardPlan(delayedFacts()).expected
    expect(loss).toMatchObject({ certainty: 'bounded', bytes: 0x800, seconds: 20 })
    expect(loss.beyond).toContain('db-us-east')
    expect(stops(delayedFacts({}, { inputs: { ...inputs, acceptLossAfter: false } }))).toEqual(['loss.not-accepted'])
  })

  it('warns of the minutes left, and refuses a moment that is applied already, with the arithmetic', () => {
    expect(finding(delayedFacts(), 'moment.time-left')).toMatchObject({
      severity: 'warning',
      message: expect.stringContaining('in 40 s'),
    })
    const late = delayedFacts({}, { inputs: { ...inputs, at: iso(90_000) } })
    expect(stops(late)).toEqual(['moment.already-applied'])
    expect(finding(late, 'moment.already-applied')?.message).toContain('30 s past')
    expect(stops(delayedFacts({}, { inputs: { ...inputs, at: iso(-5_000) } }))).toEqual(['moment.in-future'])
    expect(stops(delayedFacts({ lastReplayedXactAt: null, heartbeat: null }))).toEqual(['moment.unknown'])
  })

  it('says when it may not have received up to the moment', () => {
    const deaf = delayedFacts({ receiver: null })
    expect(stops(deaf)).toEqual([])
    expect(finding(deaf, 'moment.maybe-not-received')?.severity).toBe('warning')
  })

  it.each<[string, Partial<AgentObservation>]>([
    ['delayed.forked', { timeline: 2 }],
    ['delayed.foreign', { systemIdentifier: '9' }],
    ['delayed.held', { replay: { mode: 'held', runId: 'r', targetTime: null } }],
    ['delayed.not-running', { state: 'starting' }],
    ['delayed.is-primary', { role: 'primary' }],
    ['delayed.fenced', { fence: { reason: 'run', generation: 1, runId: 'r', at } }],
  ])('stops at %s', (code, late) => {
    expect(stops(delayedFacts(late))).toContain(code)
  })

  it('needs a proof of fencing that does not rest on time', () => {
    const facts = delayedFacts()
    const dark = facts.observations.map((each) =>
      each.subject === 'db-us-east' ? { ...each, ok: false, facts: each.kind === 'agent' ? each.facts : null } : each,
    )
    expect(stops({ ...facts, observations: dark })).toEqual(['fencing.not-provable'])
  })

  it('stays in the region when the writer is beside it: nothing but the writer changes', () => {
    const facts = delayedFacts({ timeline: 2 })
    const writer = { serverId: 'db-us-west', region: 'us-west', timeline: 2, systemIdentifier: '7001', generation: 1 }
    const plan = buildRollForwardPlan({ ...facts, writer })
    expect(lintPlan(plan)).toEqual([])
    expect(plan.steps.filter((step) => step.stepId.startsWith('dns.'))).toEqual([])
    expect(plan.steps.at(-1)?.stepId).toBe('service.verify-synthetic')
  })

  it('is asked for by source, and by nothing that it does not know', () => {
    const kind = planKinds.get('restore')
    expect(kind?.inputs.safeParse(inputs).success).toBe(true)
    expect(kind?.inputs.safeParse({ ...inputs, source: 'elsewhere' }).success).toBe(false)
    expect(kind?.inputs.safeParse({ ...inputs, at: '2026-11-22 03:00' }).success).toBe(false)
    expect(kind?.inputs.safeParse({ ...inputs, force: true }).success).toBe(false)
  })

  it('is unsafe without its first steps', () => {
    const plan = buildRollForwardPlan(delayedFacts())
    for (const missing of ['agent.hold-replay', 'postgres.check-content', 'postgres.verify-fence']) {
      const steps = plan.steps.filter((step) => step.stepId !== missing)
      expect(lintPlan({ ...plan, steps })[0]?.code, missing).toBe('plan.unsafe')
    }
  })
})

describe('a delayed standby elsewhere', () => {
  it('is never a candidate, however much it has received', () => {
    const facts = delayedFacts({ receivedLsn: '0/9000000' })
    expect(chooseCandidate(facts)?.id).toBe('db-us-west')
    expect(buildFailoverPlan({ ...facts, inputs: {} }).to.serverId).toBe('db-us-west')
    const alone = { ...facts, observations: facts.observations.filter((each) => each.subject !== 'db-us-west') }
    expect(chooseCandidate(alone)).toBeNull()
  })

  it('has to say by how much, and cannot be all that a region has', () => {
    const { config } = delayedFacts()
    const issues = (change: (servers: (typeof config.regions)[number]['servers']) => void): string[] => {
      const changed = structuredClone(config)
      change(changed.regions[1]?.servers ?? [])
      return configIssues({ version: 1, services: [changed] }).map((each) => each.message)
    }
    expect(issues(() => undefined)).toEqual([])
    expect(issues((servers) => servers.shift())).toEqual(['at least one server must be a candidate'])
    expect(issues((servers) => delete servers[1]?.delaySeconds)).toEqual(['db-us-west-2 is delayed: say by how much'])
  })
})
