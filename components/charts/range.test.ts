import { describe, expect, it } from 'vitest'
import { movedRange, rangeOfUrl, zoomedRange } from './range'

const now = Date.parse('2026-11-22T12:00:00.000Z')
const url = (text: string) => rangeOfUrl(new URLSearchParams(text), now)

describe('the range of the address bar', () => {
  it('is six hours when nothing is asked for, and what is asked for when it can be shown', () => {
    expect(url('')).toEqual({ from: 'now-6h', to: 'now', problem: null })
    expect(url('from=now-7d')).toEqual({ from: 'now-7d', to: 'now', problem: null })
  })

  it.each(['from=tomorrow', 'from=now&to=now-1h', 'from=now-9y', 'from=2026-11-22'])(
    'says what is wrong with %s',
    (text) => {
      expect(url(text)).toMatchObject({ from: 'now-6h', to: 'now' })
      expect(url(text).problem).toContain('The last six hours are shown instead.')
    },
  )

  it('moves by its own width, and never beyond now', () => {
    const hour = { from: '2026-11-22T10:00:00Z', to: '2026-11-22T11:00:00Z' }
    expect(movedRange(hour, -1, now)).toEqual({ from: '2026-11-22T09:00:00Z', to: '2026-11-22T10:00:00Z' })
    expect(movedRange(hour, 5, now)).toEqual({ from: '2026-11-22T11:00:00Z', to: '2026-11-22T12:00:00Z' })
    expect(movedRange({ from: 'now-6h', to: 'now' }, -1, now).to).toBe('2026-11-22T06:00:00Z')
  })

  it('zooms into what was dragged over, in either direction, unless it is next to nothing', () => {
    const zoomed = { from: '2026-11-22T12:00:00Z', to: '2026-11-22T12:01:00Z' }
    expect(zoomedRange(now, now + 60_000)).toEqual(zoomed)
    expect(zoomedRange(now + 60_000, now)).toEqual(zoomed)
    expect(zoomedRange(now, now + 2_000)).toBeNull()
  })
})
