import { describe, expect, it } from 'vitest'
import { count, formatBytes, formatClock, formatRange, formatSeconds, plain } from './number'
import { ageText, elapsedMs, sameUtcDay, shortTimes, untilText, utcDateTime } from './time'

describe('figures', () => {
  it.each([
    [null, '?'],
    [0, '0.00 s'],
    [0.154, '0.15 s'],
    [4.24, '4.2 s'],
    [37.4, '37 s'],
    [130, '2 m 10 s'],
    [3_780, '1 h 03 m'],
    [180_000, '2 d 2 h'],
  ])('%s seconds read as %s', (value, text) => expect(plain(formatSeconds(value))).toBe(text))

  it.each([
    [null, '?'],
    [0, '0 B'],
    [16_384, '16.4 kB'],
    [1_500_000, '1.50 MB'],
  ])('%s bytes read as %s', (value, text) => expect(plain(formatBytes(value))).toBe(text))

  it('shows a clock that never runs backwards', () => {
    expect(formatClock(-5)).toBe('00:00')
    expect(formatClock(83_400)).toBe('01:23')
    expect(formatClock(3_723_000)).toBe('1:02:03')
  })

  it('gives a range one unit while it is short', () => {
    expect(plain(formatRange({ low: 0, high: 53 }))).toBe('up to 53 s')
    expect(plain(formatRange({ low: 6.2, high: 41 }))).toBe('6–41 s')
    expect(plain(formatRange({ low: 3, high: 1025 }))).toBe('3.0 s – 17 m 05 s')
  })

  it('counts in words', () => expect([count(1, 'step'), count(0, 'step')]).toEqual(['1 step', '0 steps']))
})

describe('times', () => {
  const now = Date.parse('2026-11-22T03:12:40.500Z')
  it('prints the zone', () => expect(utcDateTime('2026-11-22T03:12:40.500Z')).toBe('2026-11-22 03:12:40Z'))
  it('says how old something is, and calls the near future now', () => {
    expect(ageText('2026-11-22T03:12:26Z', now)).toBe('14 s ago')
    expect(ageText('2026-11-22T03:12:37Z', now)).toBe('3 s ago')
    expect(ageText('2026-11-22T03:12:41Z', now)).toBe('now')
  })
  it('counts down to a moment, and says when it has passed', () => {
    expect(untilText('2026-11-22T03:14:50.500Z', now)).toBe('in 2 m 10 s')
    expect(untilText('2026-11-22T03:12:40Z', now)).toBe('passed')
  })
  it('measures to the end, or to now while there is none', () => {
    expect(elapsedMs('2026-11-22T03:12:30.500Z', null, now)).toBe(10_000)
    expect(elapsedMs('2026-11-22T03:12:30Z', '2026-11-22T03:12:34Z', now)).toBe(4_000)
  })
  it('cuts instants inside a sentence to the second', () =>
    expect(shortTimes('seen 2026-11-22T03:12:40.508Z, on top')).toBe('seen 2026-11-22 03:12:40Z, on top'))
  it('knows today by UTC', () => expect(sameUtcDay('2026-11-21T23:59:59Z', now)).toBe(false))
})
