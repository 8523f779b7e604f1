import { describe, expect, it } from 'vitest'
import { parseInstant, parseRange } from './range'
import { dayMs } from './tiers'

const now = Date.parse('2026-06-15T12:00:00Z')

describe('parseInstant', () => {
  it.each([
    ['now', 0],
    ['now-90s', 90_000],
    ['now-15m', 900_000],
    ['now-6h', 6 * 3_600_000],
    ['now-7d', 7 * dayMs],
    ['now-2w', 14 * dayMs],
    ['now-1y', 365 * dayMs],
    ['2026-06-15T11:59:00Z', 60_000],
    ['2026-06-15T13:59:00.000+02:00', 60_000],
  ])('reads %s', (text, before) => {
    expect(parseInstant(text, now)).toBe(now - before)
  })

  it.each([
    '',
    'yesterday',
    'now-',
    'now-6',
    'now-6x',
    'now+6h',
    'now-6h ',
    'now--6h',
    '2026-06-15',
    '2026-06-15T12:00:00',
    '1781524800',
    '2026-99-15T12:00:00Z',
  ])('refuses %j', (text) => {
    expect(parseInstant(text, now)).toBeNull()
  })
})

describe('parseRange', () => {
  it('gives a range up to two years', () => {
    expect(parseRange('now-6h', 'now', now)).toEqual({ fromMs: now - 6 * 3_600_000, toMs: now })
    expect(parseRange('now-2y', 'now', now)).toEqual({ fromMs: now - 730 * dayMs, toMs: now })
  })

  it.each([
    ['now', 'now', 'ends before it begins'],
    ['now', 'now-1h', 'ends before it begins'],
    ['now-3y', 'now', 'wider than two years'],
    ['then', 'now', 'from says is no instant'],
    ['now-1h', 'later', 'to says is no instant'],
  ])('says what is wrong with %s to %s', (from, to, problem) => {
    expect(parseRange(from, to, now)).toMatchObject({ problem: expect.stringContaining(problem) })
  })
})
