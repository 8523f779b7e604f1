import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bucketing, fillGaps, maxPoints } from './buckets'

describe('bucketing', () => {
  it('covers the range and never makes more than 2,000 points', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4e12 }),
        fc.integer({ min: 1, max: 1e11 }),
        fc.option(fc.integer({ min: 1, max: 1e9 })),
        (from, range, step) => {
          const found = bucketing(from, from + range, step)
          expect(found.count).toBeLessThanOrEqual(maxPoints)
          expect(found.fromMs).toBeLessThanOrEqual(from)
          expect(found.toMs).toBeGreaterThanOrEqual(from + range)
          expect(found.fromMs % found.stepMs).toBe(0)
        },
      ),
    )
  })

  it('leaves gaps where nothing was seen', () => {
    const buckets = bucketing(0, 3000, 1000)
    const row = { bucket: 1, subject: 'a', avg: 2, min: 1, max: 3 }
    expect(
      fillGaps(buckets, [row])
        .get('a')
        ?.map((point) => point.avg),
    ).toEqual([null, 2, null])
  })
})
