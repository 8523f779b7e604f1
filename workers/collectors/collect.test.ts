import { describe, expect, it } from 'vitest'
import { phaseMs, publicCadenceMs } from './collect'

describe('the turns of the vantage points', () => {
  it('are spread evenly over the interval, whenever each worker started', () => {
    for (const nowMs of [0, 1, 499, 500, 999, 1_700_000_000_123]) {
      const due = (vantage: string): number => (nowMs + phaseMs(['a', 'b'], vantage, 1_000, nowMs)) % 1_000
      expect(due('a')).toBe(0)
      expect(due('b')).toBe(500)
    }
  })

  it('are within one interval, also for a vantage point that the configuration does not name', () => {
    for (const vantage of ['a', 'elsewhere']) {
      const wait = phaseMs(['a', 'b'], vantage, 1_000, 123)
      expect(wait).toBeGreaterThanOrEqual(0)
      expect(wait).toBeLessThan(1_000)
    }
  })
})

describe('the cadence of the public probe', () => {
  it('is faster only once this vantage point has seen enough failures', () => {
    expect(publicCadenceMs(1_000, 0, 2)).toBe(1_000)
    expect(publicCadenceMs(1_000, 1, 2)).toBe(1_000)
    expect(publicCadenceMs(1_000, 2, 2)).toBe(200)
    expect(publicCadenceMs(30_000, 5, 2)).toBe(6_000)
  })
})
