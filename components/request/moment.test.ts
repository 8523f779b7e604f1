import { describe, expect, it } from 'vitest'
import { momentOf, momentText, suggestedMoment } from './moment'

describe('a moment that a person types', () => {
  it.each([
    ['2026-11-22 03:00:05', '2026-11-22T03:00:05Z'],
    [' 2026-11-22T03:00:05Z ', '2026-11-22T03:00:05Z'],
    ['2026-11-22 03:00:05.250', '2026-11-22T03:00:05.250Z'],
    ['2026-11-22 03:00', null],
    ['2026-02-31 03:00:00', null],
    ['2026-11-22 25:00:00', null],
    ['yesterday', null],
    ['', null],
  ])('%s', (text, instant) => expect(momentOf(text)).toBe(instant))

  it('comes back as it was shown', () => {
    expect(momentOf(momentText('2026-11-22T03:00:05.123Z'))).toBe('2026-11-22T03:00:05Z')
  })

  it('is suggested inside the window', () => {
    const now = Date.parse('2026-11-22T03:01:00.000Z')
    expect(suggestedMoment({ appliedUpTo: '2026-11-22T03:00:00.000Z', delaySeconds: 60 }, now)).toBe(
      '2026-11-22T03:00:30Z',
    )
    expect(suggestedMoment({ appliedUpTo: null, delaySeconds: 60 }, now)).toBe('2026-11-22T03:00:30Z')
  })
})
