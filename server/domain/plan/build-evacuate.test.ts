import { describe, expect, it } from 'vitest'
import { blockers } from '@/server/domain/finding'
import type { PlanFacts } from '@/server/domain/plan/facts'
import { describeStep } from '@/server/steps/catalog'
import {
  links,
  placeRecords,
  places,
  sharedConfig,
  sharedFacts,
  weightRecords,
} from '@/server/testing/evacuation-facts'
import { seenBy } from '@/server/testing/facts'
import { buildEvacuatePlan } from './build-evacuate'
import { planKinds } from './kinds'
import { lintPlan } from './lint-plan'

const out = { region: 'us-east', direction: 'out' } as const
const back = { region: 'us-east', direction: 'back' } as const
const idsOf = (facts: PlanFacts) => buildEvacuatePlan(facts).steps.map((step) => step.stepId)
const codes = (facts: PlanFacts) => buildEvacuatePlan(facts).findings.map((each) => `${each.severity} ${each.code}`)

describe('the plan that evacuates a region', () => {
  const plan = buildEvacuatePlan(sharedFacts(out))

  it('shifts in stages, each watched, geolocation with the last, and then looks and verifies', () => {
    expect(plan.steps.map((step) => step.stepId)).toEqual([
      'workload.scale-region',
      'dns.shift-weight',
      'service.watch-error-rate',
      'dns.shift-weight',
      'service.watch-error-rate',
      'dns.shift-weight',
      'dns.shift-places',
      'service.watch-error-rate',
      'dns.await-shares',
      'service.verify-synthetic',
      'service.verify-synthetic',
    ])
  })

  it('says each stage’s weights, what they were before it, and before the run', () => {
    const shifts = plan.steps.filter((step) => step.stepId === 'dns.shift-weight')
    expect(shifts.map(({ input }) => [input.percent, input.before, input.after, input.original])).toEqual([
      [50, { 'us-east': 100, 'us-west': 100 }, { 'us-east': 50, 'us-west': 150 }, { 'us-east': 100, 'us-west': 100 }],
      [10, { 'us-east': 50, 'us-west': 150 }, { 'us-east': 10, 'us-west': 190 }, { 'us-east': 100, 'us-west': 100 }],
      [0, { 'us-east': 10, 'us-west': 190 }, { 'us-east': 0, 'us-west': 200 }, { 'us-east': 100, 'us-west': 100 }],
    ])
  })

  it('lets the other region answer the places, with its own health check, and leaves its places alone', () => {
    const shift = plan.steps.find((step) => step.stepId === 'dns.shift-places')
    const west = { values: ['127.1.2.10'], healthCheckId: 'check-west' }
    const east = { values: ['127.1.1.10'], healthCheckId: 'check-east' }
    expect(shift?.input).toMatchObject({ name: places, before: { america: east, elsewhere: east } })
    expect(shift?.input.after).toEqual({ america: west, elsewhere: west })
  })

  it('scales the other region to serve everyone, promotes nothing, loses nothing, and can always be taken back', () => {
    expect(plan.steps[0]?.input).toMatchObject({ region: 'us-west', replicas: 10 })
    expect(plan.steps.some((step) => step.pointOfNoReturn)).toBe(false)
    expect(plan.expected.loss).toMatchObject({ certainty: 'exact', bytes: 0 })
    expect(lintPlan(plan)).toEqual([])
    expect(blockers(plan.findings)).toEqual([])
  })

  it('warns that the writer stays, and offers the switchover', () => {
    const finding = plan.findings.find((each) => each.code === 'evacuate.writer-stays')
    expect(finding).toMatchObject({ severity: 'warning', remedy: expect.stringContaining('switchover to US West') })
    expect(codes(sharedFacts({ region: 'us-west', direction: 'out' }))).toEqual([])
  })

  it('is the same for the same facts, and of steps that the catalogue takes', () => {
    expect(buildEvacuatePlan(sharedFacts(out))).toEqual(plan)
    const described = buildEvacuatePlan(sharedFacts(out, { describe: describeStep }))
    expect(lintPlan(described)).toEqual([])
    expect(described.steps.every((step) => !/undefined|\[object/.test(step.description))).toBe(true)
  })

  it('begins where a halted evacuation left off', () => {
    const facts = sharedFacts({ ...out, weights: weightRecords(30, 170) })
    const shifts = buildEvacuatePlan(facts).steps.filter((step) => step.stepId === 'dns.shift-weight')
    expect(shifts.map(({ input }) => input.percent)).toEqual([10, 0])
    expect(shifts[1]?.input.original).toEqual({ 'us-east': 30, 'us-west': 170 })
  })

  it('needs one stage only for a geolocation name alone', () => {
    const facts = sharedFacts({ ...out, config: sharedConfig({}, [places]) })
    expect(idsOf(facts).filter((id) => id.startsWith('dns.shift') || id.endsWith('rate'))).toEqual([
      'dns.shift-places',
      'service.watch-error-rate',
    ])
  })
})

describe('the plan that brings it back', () => {
  const gone = { weights: weightRecords(0, 200), placesSeen: placeRecords({ america: 2, europe: 2, elsewhere: 2 }) }
  const plan = buildEvacuatePlan(sharedFacts({ ...back, ...gone }))

  it('goes the same stages the other way, watches the region that comes back, and ends as configured', () => {
    const shifts = plan.steps.filter((step) => step.stepId === 'dns.shift-weight')
    expect(shifts.map(({ input }) => input.after)).toEqual([
      { 'us-east': 10, 'us-west': 190 },
      { 'us-east': 50, 'us-west': 150 },
      { 'us-east': 100, 'us-west': 100 },
    ])
    const watches = plan.steps.filter((step) => step.stepId === 'service.watch-error-rate')
    expect(watches.map(({ input }) => [input.gainingRegion, input.answers])).toEqual(
      Array(3).fill(['us-east', ['127.1.1.10']]),
    )
    const shift = plan.steps.find((step) => step.stepId === 'dns.shift-places')
    const east = { values: ['127.1.1.10'], healthCheckId: 'check-east' }
    expect(shift?.input.after).toEqual({ america: east, elsewhere: east })
    expect(lintPlan(plan)).toEqual([])
  })

  it('looks for the region at the resolvers only for weighted names, and verifies by either region', () => {
    const seen = plan.steps.find((step) => step.stepId === 'dns.await-shares')
    expect(seen?.input.names).toEqual([{ name: links, looks: 1 }])
    const verify = plan.steps.filter((step) => step.stepId === 'service.verify-synthetic')
    expect(verify.map(({ input }) => input.answers)).toEqual(Array(2).fill(['127.1.2.10', '127.1.1.10']))
  })
})

describe('what stands in the way', () => {
  const without = (kind: string, subject: string, add: PlanFacts['observations'] = []) => {
    const facts = sharedFacts(out)
    const rest = facts.observations.filter((each) => each.kind !== kind || each.subject !== subject)
    return codes({ ...facts, observations: [...rest, ...add] })
  }
  const probe = { status: null, latencyMs: 1, failure: 'no', address: null, consecutiveFailures: 1 }

  it.each([
    ['records that nobody read', () => without('records', links), 'blocker dns.records-unknown'],
    [
      'records read too long ago',
      () =>
        without('records', links, [
          seenBy('records', links, 'vantage-a', true, { records: weightRecords(1, 1) }, 60_000),
        ]),
      'blocker dns.records-unknown',
    ],
    [
      'a record that is missing',
      () =>
        without('records', links, [
          seenBy('records', links, 'vantage-a', true, { records: weightRecords(1, 1).slice(1) }),
        ]),
      'blocker dns.records-differ',
    ],
    [
      'a region that fails as one vantage point sees it',
      () => without('x', '', [seenBy('endpoint', 'us-west', 'vantage-c', false, probe)]),
      'blocker evacuate.region-fails',
    ],
    ['a region that nobody sees', () => without('endpoint', 'us-west'), 'blocker evacuate.region-unknown'],
    ['a cluster that nobody sees', () => without('workload', 'us-west'), 'warning workload.unknown'],
    ['ids that nobody read', () => without('ids', 'shortener'), 'warning ids.unknown'],
    [
      'a region that is not there',
      () => codes(sharedFacts({ ...out, region: 'eu' })),
      'blocker evacuate.unknown-region',
    ],
    ['nothing left to do', () => codes(sharedFacts(back)), 'blocker evacuate.nothing-to-do'],
    [
      'no shared names',
      () => codes(sharedFacts({ ...out, config: sharedConfig({}, []) })),
      'blocker evacuate.no-shared-names',
    ],
    [
      'another run',
      () => codes(sharedFacts(out, { activeRun: { id: 'r', kind: 'failover', state: 'running' } })),
      'blocker run.already-active',
    ],
  ])('%s', (_what, found, code) => expect(found()).toContain(code))

  it('stops on ids that overlap', () => {
    const same = [
      { region: 'us-east', told: '1' },
      { region: 'us-west', told: '1' },
    ]
    const ids = { datacenters: same, sampled: 1, found: [], duplicates: [] }
    expect(without('ids', 'shortener', [seenBy('ids', 'shortener', 'vantage-a', true, ids)])).toContain(
      'blocker ids.overlap',
    )
  })

  it('takes exactly a region and a direction as inputs', () => {
    const { inputs } = planKinds.get('evacuate') ?? {}
    expect(inputs?.safeParse(out).success).toBe(true)
    for (const wrong of [{}, { region: 'us-east' }, { ...out, direction: 'away' }, { ...out, force: true }]) {
      expect(inputs?.safeParse(wrong).success).toBe(false)
    }
  })
})

describe('the lint of an evacuation', () => {
  const plan = buildEvacuatePlan(sharedFacts(out))
  const said = (steps: typeof plan.steps, kind = plan.kind) =>
    lintPlan({ ...plan, kind, steps })
      .map((each) => each.message)
      .join()
  const shift = plan.steps.find((step) => step.stepId === 'dns.shift-weight')

  it('refuses fencing, promotion and a turn of the writer', () => {
    for (const stepId of [
      'agent.fence-primary',
      'platform.power-off-primary',
      'postgres.promote-candidate',
      'dns.turn-switch',
    ]) {
      expect(said([...plan.steps, { ...plan.steps[0], key: '99', stepId } as (typeof plan.steps)[number]])).toContain(
        'fences, promotes',
      )
    }
  })

  it('refuses shifts without a watch after, or between them', () => {
    expect(said(plan.steps.filter((step) => step.stepId !== 'service.watch-error-rate'))).toMatch(
      /nothing watches.*without a watch between/,
    )
    if (shift) expect(said([...plan.steps, { ...shift, key: '99' }])).toContain('nothing watches')
  })

  it('refuses a shift in another kind of plan, one that cannot be taken back, and a point of no return', () => {
    expect(said(plan.steps, 'failover')).toContain('is no evacuation')
    expect(said(plan.steps.map((step) => ({ ...step, reversible: false })))).toContain('cannot be taken back')
    expect(said(plan.steps.map((step, at) => ({ ...step, pointOfNoReturn: at === 0 })))).toContain('point of no return')
  })
})
