import { describe, expect, it } from 'vitest'
import { reviewDueAt, reviewStateOf } from './break-glass-review'

describe('when a review is due', () => {
  it.each([
    ['2026-11-22T00:00:00.000Z', '2026-11-24T00:00:00.000Z'],
    ['2026-11-22T23:59:59.999Z', '2026-11-24T00:00:00.000Z'],
    ['2026-12-31T12:00:00.000Z', '2027-01-02T00:00:00.000Z'],
  ])('a glass broken at %s: by %s', (requestedAt, dueAt) => {
    expect(reviewDueAt(Date.parse(requestedAt))).toBe(dueAt)
  })
})

describe('the state of a review', () => {
  const dueAt = '2026-11-24T00:00:00.000Z'
  const before = Date.parse(dueAt) - 1
  const after = Date.parse(dueAt) + 1
  const open = { dueAt, reviewedAt: null }

  it.each([
    ['running', true, before, 'waiting'],
    // A run that goes on past the day is overdue as well: it is not made quieter by taking long.
    ['running', true, after, 'overdue'],
    ['succeeded', true, before, 'due'],
    ['failed', true, after, 'overdue'],
    ['rejected', false, after, 'not-needed'],
    ['expired', false, before, 'not-needed'],
    ['awaiting_approval', false, before, 'waiting'],
  ] as const)('%s, started %s', (state, started, nowMs, wanted) => {
    expect(reviewStateOf({ state, started }, open, nowMs)).toBe(wanted)
  })

  it('stays reviewed', () => {
    const done = { dueAt, reviewedAt: dueAt }
    expect(reviewStateOf({ state: 'succeeded', started: true }, done, after)).toBe('reviewed')
  })
})
