import { describe, expect, it } from 'vitest'
import { dayMs, gridOf, ladderMs, maxPoints, pointsEach, type TierName, tiers } from './tiers'

const now = Date.parse('2026-06-15T12:34:56.789Z')
const hourMs = 3_600_000
const back = (ms: number) => ({ fromMs: now - ms, toMs: now })

describe('the ladder', () => {
  it('rises, and every step from a tier’s on is a multiple of it', () => {
    expect([...ladderMs].sort((a, b) => a - b)).toEqual(ladderMs)
    for (const { stepMs } of Object.values(tiers)) {
      for (const step of ladderMs.filter((each) => each >= stepMs)) expect(step % stepMs).toBe(0)
    }
  })
})

describe('gridOf', () => {
  it.each<[string, number, number, number, TierName]>([
    ['five minutes', hourMs / 12, 400, 1_000, 'raw'],
    ['an hour', hourMs, 400, 10_000, 'raw'],
    ['six hours', 6 * hourMs, 400, 60_000, '1m'],
    ['a week', 7 * dayMs, 400, 30 * 60_000, '1m'],
    ['90 days', 90 * dayMs, 400, 6 * hourMs, '1h'],
    ['a year', 365 * dayMs, 400, dayMs, '1h'],
    ['two years, few points', 731 * dayMs, 10, 91 * dayMs, '1h'],
  ])('reads %s at a step that people can read, from the tier with the fewest rows', (_, ms, points, stepMs, tier) => {
    expect(gridOf(back(ms), points, now)).toMatchObject({ stepMs, tier })
  })

  it('takes a coarser tier, and step, where the finer ones are no longer kept', () => {
    const minute = { fromMs: now - 8 * dayMs, toMs: now - 8 * dayMs + 60_000 }
    expect(gridOf(minute, 400, now)).toMatchObject({ tier: '1m', stepMs: 60_000 })
    const old = { fromMs: now - 100 * dayMs, toMs: now - 100 * dayMs + hourMs }
    expect(gridOf(old, 400, now)).toMatchObject({ tier: '1h', stepMs: hourMs })
    const gone = { fromMs: now - 4_000 * dayMs, toMs: now - 4_000 * dayMs + hourMs }
    expect(gridOf(gone, 400, now)).toMatchObject({ tier: '1h', stepMs: hourMs })
  })

  it('covers any range with whole buckets and no more points than asked for', () => {
    let seed = 20_261_123
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      return (seed / 2_147_483_648) * below
    }
    for (let round = 0; round < 2_000; round += 1) {
      const fromMs = Math.floor(now - random(700 * dayMs))
      const range = { fromMs, toMs: fromMs + 1 + Math.floor(random(1) ** 6 * 731 * dayMs) }
      const points = 12 + Math.floor(random(maxPoints - 12))
      const grid = gridOf(range, points, now)
      expect(grid.fromMs).toBeLessThanOrEqual(range.fromMs)
      expect(grid.toMs).toBeGreaterThanOrEqual(range.toMs)
      expect(grid.fromMs % grid.stepMs).toBe(0)
      expect(grid.count * grid.stepMs).toBe(grid.toMs - grid.fromMs)
      expect(grid.count).toBeLessThanOrEqual(points)
      expect(grid.stepMs % tiers[grid.tier].stepMs).toBe(0)
    }
  })
})

describe('pointsEach', () => {
  it('shares an answer’s points between its series, and gives one never more than 2,000', () => {
    expect([pointsEach(400, 1), pointsEach(9_999, 1), pointsEach(400, 20), pointsEach(400, 0)]).toEqual([
      400, 2_000, 100, 400,
    ])
  })
})
