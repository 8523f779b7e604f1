import { describe, expect, it } from 'vitest'
import { agentFacts, lostPrimaryFacts, seenBy } from '@/server/testing/facts'
import { blockers } from '../finding'
import { digestOf } from '../json'
import type { Observation } from '../observation'
import { buildFailoverPlan } from './build-failover'
import type { PlanFacts } from './facts'
import { lintPlan } from './lint-plan'
import { plan as planSchema } from './types'

const codes = (facts: PlanFacts): string[] => blockers(buildFailoverPlan(facts).findings).map((each) => each.code)
const stepIds = (facts: PlanFacts): string[] => buildFailoverPlan(facts).steps.map((step) => step.stepId)

/** The same facts with one kind of observation of one subject replaced. */
function replacing(facts: PlanFacts, kind: string, subject: string, ...others: Observation[]): PlanFacts {
  return {
    ...facts,
    observations: [...facts.observations.filter((each) => each.kind !== kind || each.subject !== subject), ...others],
  }
}

describe('the failover plan for a lost primary', () => {
  it('fences, proves, promotes, proves writable, and only then touches traffic', () => {
    expect(stepIds(lostPrimaryFacts())).toEqual([
      'service.confirm-outage',
      'postgres.freeze-loss-statement',
      'platform.power-off-primary',
      'postgres.verify-fence',
      'postgres.promote-candidate',
      'postgres.prove-writable',
      'workload.point-at-primary',
      'cache.prewarm',
      'workload.scale-region',
      'dns.edit-records',
      'dns.await-resolvers',
      'service.verify-synthetic',
    ])
    expect(codes(lostPrimaryFacts())).toEqual([])
  })

  it('is a plan by its own schema, safe by its own lint, and the same for the same facts', () => {
    const built = buildFailoverPlan(lostPrimaryFacts())
    expect(planSchema.parse(JSON.parse(JSON.stringify(built)))).toEqual(built)
    expect(lintPlan(built)).toEqual([])
    expect(digestOf(buildFailoverPlan(lostPrimaryFacts()))).toBe(digestOf(built))
  })

  it('hands each step the key of the step whose output it needs', () => {
    const { steps } = buildFailoverPlan(lostPrimaryFacts())
    const of = (id: string) => steps.find((step) => step.stepId === id)
    expect(of('postgres.promote-candidate')?.input.evidenceStepKey).toBe(of('postgres.verify-fence')?.key)
    expect(of('dns.edit-records')?.input.writableStepKey).toBe(of('postgres.prove-writable')?.key)
  })

  it('states the loss from the furthest position seen of the primary, never from the standby’s own view', () => {
    const { loss } = buildFailoverPlan(lostPrimaryFacts()).expected
    expect(loss).toMatchObject({
      certainty: 'bounded',
      primaryLsn: '0/3000148',
      candidateLsn: '0/3000100',
      bytes: 0x48,
      seconds: 0.5,
    })
    const blind = replacing({ ...lostPrimaryFacts(), incident: null }, 'agent', 'db-us-east')
    expect(buildFailoverPlan(blind).expected.loss.certainty).toBe('unknown')
  })
})

describe('what stops a plan', () => {
  const probe = (ok: boolean) => ({
    status: ok ? 200 : null,
    latencyMs: 1,
    failure: null,
    address: null,
    consecutiveFailures: ok ? 0 : 2,
  })

  it('is a primary region that still answers', () => {
    const facts = replacing(
      lostPrimaryFacts(),
      'endpoint',
      'us-east',
      seenBy('endpoint', 'us-east', 'vantage-a', true, probe(true)),
      seenBy('endpoint', 'us-east', 'vantage-b', false, probe(false)),
    )
    expect(codes(facts)).toContain('outage.primary-answers')
  })

  it('is an outage that only one vantage point sees, or that nobody has looked at lately', () => {
    const one = replacing(
      lostPrimaryFacts(),
      'endpoint',
      'us-east',
      seenBy('endpoint', 'us-east', 'vantage-a', false, probe(false)),
    )
    expect(codes(one)).toContain('outage.not-confirmed')
    const old = replacing(
      lostPrimaryFacts(),
      'endpoint',
      'us-east',
      ...['vantage-a', 'vantage-b'].map((vantage) =>
        seenBy('endpoint', 'us-east', vantage, false, probe(false), 60_000),
      ),
    )
    expect(codes(old)).toContain('outage.not-confirmed')
  })

  it.each([
    ['candidate.foreign', { systemIdentifier: '9999' }],
    ['candidate.forked', { timeline: 7 }],
    ['candidate.replay-paused', { replayPaused: true }],
    ['candidate.not-running', { state: 'stopped' as const }],
    [
      'candidate.fenced',
      { fence: { reason: 'run' as const, generation: 1, runId: 'r', at: '2026-11-22T02:00:00.000Z' } },
    ],
  ])('is a candidate that may not be promoted: %s', (code, over) => {
    expect(
      codes(
        replacing(
          lostPrimaryFacts(),
          'agent',
          'db-us-west',
          seenBy('agent', 'db-us-west', 'vantage-a', true, agentFacts(over)),
        ),
      ),
    ).toContain(code)
  })

  it('is a candidate that nobody reaches, and a region without any', () => {
    expect(
      codes(
        replacing(
          lostPrimaryFacts(),
          'agent',
          'db-us-west',
          seenBy('agent', 'db-us-west', 'vantage-a', false, agentFacts({})),
        ),
      ),
    ).toContain('candidate.unreachable')
    expect(codes(replacing(lostPrimaryFacts(), 'agent', 'db-us-west'))).toContain('candidate.none')
  })

  it('is another run of the service', () => {
    expect(codes({ ...lostPrimaryFacts(), activeRun: { id: 'r1', kind: 'failover', state: 'running' } })).toContain(
      'run.already-active',
    )
  })
})

describe('fencing', () => {
  const withoutPlatform = (): PlanFacts =>
    replacing(lostPrimaryFacts(), 'platform', 'db-us-east', seenBy('platform', 'db-us-east', 'vantage-a', false, null))

  it('goes by the agent only while every fresh vantage point reaches it', () => {
    const alive = agentFacts({ serverId: 'db-us-east', role: 'primary' })
    const both = replacing(
      lostPrimaryFacts(),
      'agent',
      'db-us-east',
      ...['vantage-a', 'vantage-b'].map((vantage) => seenBy('agent', 'db-us-east', vantage, true, alive)),
    )
    expect(stepIds(both)).toContain('agent.fence-primary')
    const one = replacing(
      lostPrimaryFacts(),
      'agent',
      'db-us-east',
      seenBy('agent', 'db-us-east', 'vantage-a', true, alive),
      seenBy('agent', 'db-us-east', 'vantage-b', false, alive),
    )
    expect(stepIds(one)).toContain('platform.power-off-primary')
  })

  it('goes by time when neither answers, and says so', () => {
    const built = buildFailoverPlan(withoutPlatform())
    expect(built.steps.map((step) => step.stepId)).toContain('agent.await-self-fence')
    expect(built.findings.map((each) => each.code)).toContain('fencing.by-time')
  })

  it('stops the plan where nothing can prove it, and break-glass names the risk', () => {
    const facts = withoutPlatform()
    facts.config.policies.acceptSelfFence = false
    expect(codes(facts)).toEqual(['fencing.not-provable'])
    const asked = { ...facts, inputs: { breakGlass: ['fencing.not-provable'] } }
    expect(codes(asked), 'without the right it stays blocked').toEqual(['fencing.not-provable'])
    const built = buildFailoverPlan({ ...asked, mayBreakGlass: true })
    expect(blockers(built.findings)).toEqual([])
    expect(built.overrides).toHaveLength(1)
    expect(built.steps.map((step) => step.stepId)).toContain('operator.accept-unfenced')
    expect(lintPlan(built)).toEqual([])
  })

  it('cannot be left out by a plan that lost its override', () => {
    const facts = withoutPlatform()
    facts.config.policies.acceptSelfFence = false
    const built = buildFailoverPlan({ ...facts, inputs: { breakGlass: ['fencing.not-provable'] }, mayBreakGlass: true })
    expect(lintPlan({ ...built, overrides: [] }).map((each) => each.code)).toEqual(['plan.unsafe'])
  })
})

describe('the plan lint', () => {
  it('refuses traffic before a proved writer, promotion before evidence, and two steps with one key', () => {
    const built = buildFailoverPlan(lostPrimaryFacts())
    const without = (id: string) => ({ ...built, steps: built.steps.filter((step) => step.stepId !== id) })
    expect(lintPlan(without('postgres.verify-fence'))).not.toEqual([])
    expect(lintPlan(without('postgres.prove-writable'))).not.toEqual([])
    expect(lintPlan({ ...built, steps: [...built.steps].reverse() })).not.toEqual([])
    expect(lintPlan({ ...built, steps: [...built.steps, ...built.steps.slice(0, 1)] })).not.toEqual([])
  })
})
