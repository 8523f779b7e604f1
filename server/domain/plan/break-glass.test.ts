import { describe, expect, it } from 'vitest'
import { describeStep } from '@/server/steps/catalog'
import { lostPrimaryFacts } from '@/server/testing/facts'
import { notAfterBox, reasonHasSubstance, timeBoxProblem, withTimeBox } from './break-glass'
import { buildFailoverPlan } from './build-failover'
import type { Plan } from './types'

const ordinary = buildFailoverPlan({ ...lostPrimaryFacts(), describe: describeStep })
const overriding: Plan = { ...ordinary, overrides: [{ code: 'fencing.not-provable', risk: 'two primaries' }] }
const builtMs = Date.parse(ordinary.builtAt)
const minute = 60_000

describe('the time box', () => {
  it('is part of a plan that overrides rules, and of no other', () => {
    expect(withTimeBox(ordinary, 30)).toBe(ordinary)
    const boxed = withTimeBox(overriding, 30)
    expect(boxed.timeBox).toEqual({ minutes: 30, notAfter: new Date(builtMs + 30 * minute).toISOString() })
  })

  it('stops a run that is late, until the point of no return and not past it', () => {
    const boxed = withTimeBox(overriding, 30)
    const end = builtMs + 30 * minute
    expect(timeBoxProblem(boxed, end, false)).toBeNull()
    expect(timeBoxProblem(boxed, end + 1, false)).toContain('30 min')
    expect(timeBoxProblem(boxed, end + 1, true)).toBeNull()
    expect(timeBoxProblem(ordinary, end + 1, false)).toBeNull()
  })

  it('is demanded of every plan that overrides rules', () => {
    expect(timeBoxProblem(overriding, builtMs, false)).toContain('without a time box')
  })

  it('brings forward when a run expires, and never puts it off', () => {
    const boxed = withTimeBox(overriding, 30)
    expect(notAfterBox(boxed, new Date(builtMs + 60 * minute))).toEqual(new Date(builtMs + 30 * minute))
    expect(notAfterBox(boxed, new Date(builtMs + 5 * minute))).toEqual(new Date(builtMs + 5 * minute))
    expect(notAfterBox(ordinary, new Date(builtMs + 60 * minute))).toEqual(new Date(builtMs + 60 * minute))
  })
})

describe('a reason of substance', () => {
  it.each([
    ['us-east is gone', false],
    ['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', false],
    ['because   because     ', false],
    ['us-east burnt down and its agent and platform are gone', true],
  ])('%s: %s', (reason, enough) => {
    expect(reasonHasSubstance(reason)).toBe(enough)
  })
})
