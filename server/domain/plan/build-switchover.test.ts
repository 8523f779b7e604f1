import { describe, expect, it } from 'vitest'
import { describeStep } from '@/server/steps/catalog'
import { agentFacts, seenBy } from '@/server/testing/facts'
import { primaryFacts, steadyFacts } from '@/server/testing/steady-facts'
import { blockers } from '../finding'
import { buildSwitchoverPlan } from './build-switchover'
import type { PlanFacts } from './facts'
import { lintPlan } from './lint-plan'
import type { Plan } from './types'

const build = (over: Partial<PlanFacts> = {}): Plan =>
  buildSwitchoverPlan({ ...steadyFacts(), describe: describeStep, ...over })
const codes = (plan: Plan): string[] => blockers(plan.findings).map((each) => each.code)
const stepIds = (plan: Plan): string[] => plan.steps.map((step) => step.stepId)

/** Facts with what both vantage points say of one server replaced. */
const withAgent = (serverId: string, facts: ReturnType<typeof agentFacts>, ok = true): Partial<PlanFacts> => ({
  observations: steadyFacts().observations.map((each) =>
    each.kind === 'agent' && each.subject === serverId ? seenBy('agent', serverId, each.vantage, ok, facts) : each,
  ),
})

describe('the plan of a switchover', () => {
  it('does everything slow before the stop or after the promotion', () => {
    expect(stepIds(build())).toEqual([
      'postgres.check-calm',
      'cache.prewarm',
      'workload.scale-region',
      'agent.checkpoint-primary',
      'agent.stop-primary',
      'postgres.prove-handover',
      'postgres.promote-candidate',
      'postgres.prove-writable',
      'workload.point-at-primary',
      'dns.edit-records',
      'dns.await-resolvers',
      'service.verify-synthetic',
      'agent.rejoin-standby',
      'postgres.await-catch-up',
      'workload.point-at-primary',
      'workload.shrink-region',
    ])
  })

  it('is runnable when all is calm, promises no loss, and takes back everything before the promotion', () => {
    const plan = build()
    expect(codes(plan)).toEqual([])
    expect(lintPlan(plan)).toEqual([])
    expect(plan.overrides).toEqual([])
    expect(plan.expected.loss).toMatchObject({ certainty: 'exact', bytes: 0, seconds: 0 })
    expect(plan.steps.filter((step) => step.pointOfNoReturn).map((step) => step.stepId)).toEqual([
      'postgres.promote-candidate',
    ])
    expect(plan.steps.find((step) => step.stepId === 'agent.stop-primary')?.reversible).toBe(true)
  })

  it('hands the proof to the promotion, the stop to the proof, and the marker to the stop', () => {
    const { steps } = build()
    const of = (stepId: string) => steps.find((step) => step.stepId === stepId)
    expect(of('postgres.promote-candidate')?.input.evidenceStepKey).toBe(of('postgres.prove-handover')?.key)
    expect(of('postgres.prove-handover')?.input.fenceStepKey).toBe(of('agent.stop-primary')?.key)
    expect(of('agent.stop-primary')?.input.outputStepKey).toBe(of('agent.checkpoint-primary')?.key)
  })

  it('is told to a person whole: sentences, commands with real names, and how each step is taken back', () => {
    for (const step of build().steps) {
      expect(step.description, step.key).toMatch(/\.$/)
      expect(step.description, step.key).not.toMatch(/undefined|\[object/)
      expect(step.undo, step.key).toMatch(/\.$/)
      expect(
        step.commands.flat().filter((word) => word === '' || /<\w+ of /.test(word)),
        step.key,
      ).toEqual([])
    }
  })

  it('lets a person skip only what neither stops, proves nor promotes', () => {
    const skippable = build().steps.filter((step) => step.skippable)
    expect(skippable.map((step) => step.stepId).sort()).toEqual([
      'agent.rejoin-standby',
      'cache.prewarm',
      'dns.await-resolvers',
      'postgres.await-catch-up',
      'workload.scale-region',
      'workload.shrink-region',
    ])
  })

  it('points the destination first, and the region that was left once its own server is back', () => {
    const { steps } = build()
    const points = steps.filter((step) => step.stepId === 'workload.point-at-primary')
    expect(points.map((step) => [step.input.region, step.input.serverId])).toEqual([
      ['us-west', 'db-us-west'],
      ['us-east', 'db-us-west'],
    ])
    const at = (stepId: string) => steps.findIndex((step) => step.stepId === stepId)
    expect(steps.findLastIndex((step) => step.stepId === 'workload.point-at-primary')).toBeGreaterThan(
      at('postgres.await-catch-up'),
    )
  })

  it('goes the other way when the writer is on the other side', () => {
    const writer = { serverId: 'db-us-west', region: 'us-west', timeline: 2, systemIdentifier: '7001', generation: 3 }
    const east = agentFacts({ serverId: 'db-us-east', timeline: 2, heartbeat: null })
    const west = primaryFacts({ serverId: 'db-us-west', timeline: 2 })
    const observations = steadyFacts().observations.map((each) => {
      if (each.kind !== 'agent') return each
      return seenBy('agent', each.subject, each.vantage, true, each.subject === 'db-us-east' ? east : west)
    })
    const plan = build({ writer, observations })
    expect(plan.from.region).toBe('us-west')
    expect(plan.to).toMatchObject({ region: 'us-east', serverId: 'db-us-east' })
    expect(plan.steps.find((step) => step.stepId === 'agent.rejoin-standby')?.input).toMatchObject({
      serverId: 'db-us-west',
      upstreamServerId: 'db-us-east',
      slot: 'db_us_west',
    })
    expect(lintPlan(plan)).toEqual([])
  })

  it.each<[string, Partial<PlanFacts>]>([
    ['incident.open', { incident: { id: 'i', lastGoodAt: null, primaryLsn: null, primaryLsnAt: null } }],
    ['run.already-active', { activeRun: { id: 'r', kind: 'backup', state: 'running' } }],
    ['service.writer-unknown', { writer: null }],
    ['primary.unreachable', withAgent('db-us-east', primaryFacts(), false)],
    ['primary.not-primary', withAgent('db-us-east', primaryFacts({ role: 'standby' }))],
    ['primary.not-writing', withAgent('db-us-east', primaryFacts({ acceptsWrites: null }))],
    ['primary.forked', withAgent('db-us-east', primaryFacts({ timeline: 3 }))],
    ['candidate.unreachable', withAgent('db-us-west', agentFacts({}), false)],
    ['candidate.replay-paused', withAgent('db-us-west', agentFacts({ replayPaused: true }))],
    ['candidate.foreign', withAgent('db-us-west', agentFacts({ systemIdentifier: '9' }))],
    ['replication.broken', withAgent('db-us-west', agentFacts({ receiver: null }))],
    ['replication.broken', withAgent('db-us-east', primaryFacts({ replication: [] }))],
    ['replication.lagging', withAgent('db-us-east', primaryFacts({ currentLsn: '2/0' }))],
    [
      'region.not-healthy',
      {
        observations: steadyFacts().observations.filter(
          (each) => each.kind !== 'endpoint' || each.subject !== 'us-west',
        ),
      },
    ],
  ])('does not begin with %s', (code, over) => {
    expect(codes(build(over))).toContain(code)
  })

  it('does not call a standby that follows another server caught up', () => {
    const heartbeat = { at: new Date().toISOString(), lsn: '0/3000148', serverId: 'db-other' }
    const plan = build(withAgent('db-us-west', agentFacts({ heartbeat })))
    expect(plan.findings.map((each) => each.code)).toContain('replication.lag-unknown')
  })
})

describe('the rules of a planned handover', () => {
  const without = (stepId: string): Plan => {
    const plan = build()
    return { ...plan, steps: plan.steps.filter((step) => step.stepId !== stepId) }
  }
  const said = (plan: Plan): string =>
    lintPlan(plan)
      .map((each) => each.message)
      .join(' ')

  it.each(['agent.stop-primary', 'postgres.prove-handover'])('no promotion without %s', (stepId) => {
    expect(said(without(stepId))).toContain('stop, prove and promote')
  })

  it('no promotion by another proof', () => {
    const plan = build()
    const steps = plan.steps.map((step) =>
      step.stepId === 'postgres.promote-candidate' ? { ...step, input: { ...step.input, evidenceStepKey: 'x' } } : step,
    )
    expect(said({ ...plan, steps })).toContain('without the proof of the handover')
  })

  it('no promotion before the proof', () => {
    const plan = build()
    const at = plan.steps.findIndex((step) => step.stepId === 'postgres.prove-handover')
    const steps = plan.steps.map((step, index) => {
      const other = plan.steps[index === at ? at + 1 : index === at + 1 ? at : index]
      return other ? { ...other, key: step.key } : step
    })
    expect(said({ ...plan, steps })).toContain('stop, prove and promote')
  })

  it('no overrides', () => {
    expect(said({ ...build(), overrides: [{ code: 'x', risk: 'y' }] })).toContain('planned work can wait')
  })
})
