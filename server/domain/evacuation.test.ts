import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { judgeWatch, sameWeights, stagesOf, weightsAt } from './evacuation'
import { evacuationConfig, sharedNameConfig } from './shared-names'

const named = (east: number, west: number) =>
  sharedNameConfig.parse({
    name: 'links.test',
    policy: 'weighted',
    records: [
      { region: 'us-east', setIdentifier: 'e', weight: east },
      { region: 'us-west', setIdentifier: 'w', weight: west },
    ],
  })

describe('weights of a stage', () => {
  it.each([
    [100, 100, 100, { e: 100, w: 100 }],
    [100, 100, 50, { e: 50, w: 150 }],
    [100, 100, 10, { e: 10, w: 190 }],
    [100, 100, 0, { e: 0, w: 200 }],
    [200, 200, 0, { e: 0, w: 255 }],
    [3, 1, 10, { e: 1, w: 3 }],
    [1, 0, 0, { e: 0, w: 1 }],
    [0, 5, 0, { e: 0, w: 5 }],
  ])('%i and %i at %i percent', (east, west, percent, weights) => {
    expect(weightsAt(named(east, west), 'us-east', percent)).toEqual(weights)
  })

  it('never leaves all at 0, never goes beyond what Route 53 takes, and never gives the evacuated region more', () => {
    const weight = fc.integer({ min: 0, max: 255 })
    fc.assert(
      fc.property(weight, weight, fc.integer({ min: 0, max: 100 }), (east, west, percent) => {
        fc.pre(east + west > 0)
        const { e = -1, w = -1 } = weightsAt(named(east, west), 'us-east', percent)
        expect(e + w).toBeGreaterThan(0)
        expect(Math.max(e, w)).toBeLessThanOrEqual(255)
        expect(e).toBeLessThanOrEqual(east)
        expect(w).toBeGreaterThanOrEqual(west)
      }),
    )
  })

  it('passes the same stages in both directions', () => {
    const config = evacuationConfig.parse({})
    expect(stagesOf(config, 'out')).toEqual([50, 10, 0])
    expect(stagesOf(config, 'back')).toEqual([10, 50, 100])
  })

  it('compares weights by what they are', () => {
    expect(sameWeights({ a: 1, b: 2 }, { b: 2, a: 1 })).toBe(true)
    expect(sameWeights({ a: 1 }, { a: 1, b: 0 })).toBe(false)
  })
})

describe('judging a stage', () => {
  const rules = { holdMs: 1_000, maxErrorRate: 0.01, minRequests: 100 }
  it.each([
    ['goes on watching before the hold is over', 500, 0, 400, 'watch'],
    ['is good after the hold', 500, 5, 1_000, 'good'],
    ['halts as soon as too many failed', 500, 6, 400, 'halt'],
    ['halts when even nothing but good answers could not save it', 10, 2, 50, 'halt'],
    ['does not halt for one failure of few', 10, 1, 50, 'watch'],
    ['waits longer with too few requests', 99, 0, 1_500, 'watch'],
    ['gives up as unknown, never as good', 99, 0, 3_000, 'unknown'],
    ['counts nothing at all as unknown', 0, 0, 3_000, 'unknown'],
  ] as const)('%s', (_what, requests, failed, elapsedMs, verdict) => {
    expect(judgeWatch({ requests, failed }, elapsedMs, rules)).toBe(verdict)
  })
})
