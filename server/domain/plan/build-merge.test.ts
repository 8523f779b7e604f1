import { describe, expect, it } from 'vitest'
import { keptLinks, mergeFacts } from '@/server/testing/merge-facts'
import { blockers } from '../finding'
import { digestOf } from '../json'
import { buildMergePlan } from './build-merge'
import type { MergeFact, PlanFacts } from './facts'
import { lintPlan } from './lint-plan'
import { plan as planSchema } from './types'

const withTables = (...tables: MergeFact['tables'][number][]): PlanFacts => {
  const facts = mergeFacts()
  return { ...facts, divergence: facts.divergence ? { ...facts.divergence, tables } : null }
}
const codes = (facts: PlanFacts) => blockers(buildMergePlan(facts).findings).map((each) => each.code)

describe('the plan that puts kept rows into the primary', () => {
  it('looks, puts in, reads back', () => {
    const plan = buildMergePlan(mergeFacts())
    expect(plan.steps.map((step) => step.stepId)).toEqual([
      'postgres.check-merge',
      'agent.merge-rows',
      'postgres.verify-merged',
    ])
    expect(plan).toMatchObject({ from: { serverId: 'db-us-east' }, to: { serverId: 'db-us-west' } })
    expect(codes(mergeFacts())).toEqual([])
    expect(planSchema.parse(plan)).toEqual(plan)
    expect(lintPlan(plan)).toEqual([])
    expect(digestOf(plan)).toBe(digestOf(buildMergePlan(mergeFacts())))
  })

  it('takes only the tables that are decided, and never changed rows', () => {
    const facts = withTables(
      keptLinks({ updates: 2 }),
      keptLinks({ table: 'public.hits', decision: 'drop' }),
      keptLinks({ table: 'public.users', decision: null }),
    )
    const plan = buildMergePlan(facts)
    expect(plan.steps[1]?.input.tables).toEqual([{ table: 'public.links', key: ['id'], rows: 3, kept: 5 }])
    expect(plan.findings).toContainEqual(
      expect.objectContaining({ code: 'merge.updates-not-applied', severity: 'info' }),
    )
  })

  it.each([
    ['no such rows', { divergence: null }, 'merge.no-divergence'],
    ['another run', { activeRun: { id: 'r', kind: 'failover', state: 'running' } }, 'run.already-active'],
    ['a writer that is not seen', { observations: [] }, 'merge.writer-not-seen'],
    ['an unknown writer', { writer: null }, 'merge.writer-not-seen'],
  ] satisfies [string, Partial<PlanFacts>, string][])('is blocked by %s', (_what, over, code) => {
    expect(codes(mergeFacts(over))).toEqual([code])
  })

  it('is blocked while nothing is decided, and by a table without a key', () => {
    expect(codes(withTables(keptLinks({ decision: 'keep' })))).toEqual(['merge.nothing-chosen'])
    expect(codes(withTables(keptLinks({ key: [] })))).toEqual(['merge.no-key'])
    const facts = mergeFacts()
    expect(codes({ ...facts, divergence: facts.divergence ? { ...facts.divergence, keptAt: null } : null })).toEqual([
      'merge.still-reading',
    ])
  })

  it('may lead back into the server that the rows were read from, and into no other kind of plan', () => {
    const plan = buildMergePlan(mergeFacts())
    expect(lintPlan({ ...plan, from: plan.to })).toEqual([])
    expect(lintPlan({ ...plan, kind: 'failback' })).toMatchObject([{ code: 'plan.unsafe' }])
    expect(lintPlan({ ...plan, steps: plan.steps.slice(1) })).toMatchObject([{ code: 'plan.unsafe' }])
  })
})
