import { describe, expect, it } from 'vitest'
import { agentFacts, seenBy } from '@/server/testing/facts'
import { returnedFacts } from '@/server/testing/returned-facts'
import { blockers } from '../finding'
import { digestOf } from '../json'
import type { Observation } from '../observation'
import { buildFailbackPlan } from './build-failback'
import type { PlanFacts } from './facts'
import { lintPlan } from './lint-plan'
import { plan as planSchema } from './types'

const stepIds = (facts: PlanFacts) => buildFailbackPlan(facts).steps.map((step) => step.stepId)
const codes = (facts: PlanFacts) => blockers(buildFailbackPlan(facts).findings).map((each) => each.code)
const replacing = (facts: PlanFacts, subject: string, ...others: Observation[]): PlanFacts => ({
  ...facts,
  observations: [...facts.observations.filter((each) => each.kind !== 'agent' || each.subject !== subject), ...others],
})
const east = (over: Parameters<typeof agentFacts>[0], ok = true) =>
  seenBy('agent', 'db-us-east', 'vantage-a', ok, agentFacts({ serverId: 'db-us-east', follows: null, ...over }))

describe('the failback plan for a region that came back', () => {
  it('keeps what only it has before it is rebuilt, and proves it afterwards; nothing is promoted', () => {
    expect(stepIds(returnedFacts())).toEqual([
      'platform.power-on-host',
      'service.verify-held-out',
      'agent.keep-divergence',
      'agent.rebuild-standby',
      'agent.rejoin-standby',
      'postgres.await-catch-up',
      'postgres.compare-tables',
      'workload.point-at-primary',
      'workload.scale-region',
      'workload.shrink-region',
      'service.smoke-test',
    ])
    expect(codes(returnedFacts())).toEqual([])
  })

  it('is a plan by its own schema, safe by its own lint, and the same for the same facts', () => {
    const built = buildFailbackPlan(returnedFacts())
    expect(planSchema.parse(JSON.parse(JSON.stringify(built)))).toEqual(built)
    expect(lintPlan(built)).toEqual([])
    expect(digestOf(buildFailbackPlan(returnedFacts()))).toBe(digestOf(built))
    expect(built).toMatchObject({ from: { region: 'us-west' }, to: { region: 'us-east' }, incidentId: 'inc-1' })
  })

  it('hands the rebuild the key of what was kept, and the fork of the promotion', () => {
    const { steps } = buildFailbackPlan(returnedFacts())
    const of = (id: string) => steps.find((step) => step.stepId === id)
    expect(of('agent.rebuild-standby')?.input.evidenceStepKey).toBe(of('agent.keep-divergence')?.key)
    expect(of('agent.keep-divergence')?.input).toMatchObject({ forkLsn: '0/3000100', forkTimeline: 1 })
  })

  it('takes the first promotion off its timeline, however many came after', () => {
    const [first] = returnedFacts().promotions ?? []
    if (!first) throw new Error('the facts have a promotion')
    const later = { ...first, runId: 'run-2', forkLsn: '0/9000000', promotedAt: '2026-11-22T02:59:59.000Z' }
    const other = { ...first, runId: 'run-3', fromTimeline: 2, forkLsn: '0/A000000' }
    const { steps } = buildFailbackPlan(returnedFacts({ promotions: [other, later, first] }))
    expect(steps.find((step) => step.stepId === 'agent.keep-divergence')?.input.forkLsn).toBe('0/3000100')
  })

  it('takes away the switch that an earlier run left in the returned region, before it proves that nobody is led there', () => {
    const facts = returnedFacts()
    const keys = { accessKeyIdRef: 'file:/id', secretAccessKeyRef: 'file:/key' }
    const store = { endpoint: 'http://store.test', bucket: 'failover', key: 'switch', ...keys }
    const redirect = { method: 'health-switch' as const, stores: { 'us-east': store, 'us-west': store } }
    const config = { ...facts.config, dns: { ...facts.config.dns, redirect } }
    const { steps } = buildFailbackPlan({ ...facts, config })
    const at = (id: string) => steps.findIndex((step) => step.stepId === id)
    expect(steps[at('dns.hold-out-region')]?.input).toEqual({
      region: 'us-east',
      bucket: 'failover',
      switchKey: 'switch',
    })
    expect(at('dns.hold-out-region')).toBeGreaterThan(at('platform.power-on-host'))
    expect(at('dns.hold-out-region')).toBeLessThan(at('service.verify-held-out'))
  })

  it('only proves a server that follows the writer already', () => {
    const follows = { host: 'db-us-west.test', port: 5432, slot: 'db_us_east' }
    const facts = replacing(returnedFacts(), 'db-us-east', east({ timeline: 2, follows }))
    expect(stepIds(facts)).not.toContain('agent.rebuild-standby')
    expect(stepIds(facts)[0]).toBe('service.verify-held-out')
    expect(codes(facts)).toEqual([])
  })
})

describe('what stands in the way of a failback', () => {
  it.each([
    ['a fork that nobody recorded', returnedFacts({ promotions: [] }), 'failback.fork-unknown'],
    [
      'a server that runs as a primary',
      replacing(returnedFacts(), 'db-us-east', east({ role: 'primary' })),
      'failback.still-primary',
    ],
    [
      'a server of another database',
      replacing(returnedFacts(), 'db-us-east', east({ systemIdentifier: '9' })),
      'failback.foreign',
    ],
    ['a writer that was not seen', replacing(returnedFacts(), 'db-us-west'), 'failback.writer-not-seen'],
    [
      'another run',
      returnedFacts({ activeRun: { id: 'run-9', kind: 'switchover', state: 'running' } }),
      'run.already-active',
    ],
    ['a service whose writer was never seen', returnedFacts({ writer: null }), 'service.writer-unknown'],
  ])('%s', (_what, facts, code) => {
    expect(codes(facts)).toContain(code)
  })

  it('a host that is off does not, where a platform can start it', () => {
    const off = replacing(returnedFacts(), 'db-us-east', east({}, false))
    expect(codes(off)).toEqual([])
    const { platform: _, ...config } = off.config
    expect(codes({ ...off, config })).toContain('failback.unreachable')
  })
})

describe('the lint of a failback', () => {
  const built = buildFailbackPlan(returnedFacts())
  it.each([
    ['rebuilds without keeping', built.steps.filter((step) => step.stepId !== 'agent.keep-divergence')],
    [
      'promotes',
      built.steps.map((step) =>
        step.stepId === 'service.smoke-test' ? { ...step, stepId: 'postgres.promote-candidate' } : step,
      ),
    ],
  ])('refuses a plan that %s', (_what, steps) => {
    expect(lintPlan({ ...built, steps }).map((each) => each.code)).toContain('plan.unsafe')
  })
})
