import { describe, expect, it } from 'vitest'
import { casesOf, sliceOf } from './cases'
import { reportText } from './report'

const ids = (seed: number) => casesOf(seed).map((each) => each.id)

describe('the cases of the fault suite', () => {
  it('are the same for the same seed, and others for another', () => {
    expect(ids(7)).toEqual(ids(7))
    expect(ids(7)).not.toEqual(ids(8))
  })

  it('are at least 120 for any seed, each once, and meet every family before one of them again', () => {
    for (const seed of [1, 2, 3]) {
      const cases = casesOf(seed)
      expect(new Set(cases.map((each) => each.id)).size).toBe(cases.length)
      expect(cases.length).toBeGreaterThanOrEqual(120)
      const families = new Set(cases.map((each) => each.family))
      expect(new Set(cases.slice(0, families.size).map((each) => each.family))).toEqual(families)
    }
  })

  it('have one of each family of the slice, planned work first and no failback', () => {
    const kinds = sliceOf(casesOf(1)).map((each) => each.kind)
    expect(kinds.length).toBeGreaterThanOrEqual(9)
    expect(kinds.lastIndexOf('switchover')).toBeLessThan(kinds.indexOf('failover'))
    expect(kinds).not.toContain('failback')
  })
})

describe('the report', () => {
  it('says what was not run, and never counts it as held', () => {
    const [first, second] = casesOf(1)
    if (!first || !second) throw new Error('no cases')
    const result = {
      ...first,
      verdict: 'broken' as const,
      end: 'paused',
      oracle: 'one writer',
      seconds: 3,
      back: 'as it was',
      note: 'a | b',
    }
    const text = reportText({ seed: 1, all: [first, second], results: [result] }, '2026-11-22')
    expect(text).toContain('**0 of 1 cases held**, 1 of 2 were not run')
    expect(text).toContain(`- ${second.id}`)
    expect(text).toContain('a \\| b')
  })
})
