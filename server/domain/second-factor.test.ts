import { describe, expect, it } from 'vitest'
import { failuresAfter, lockedUntil, normalCode } from './second-factor'

describe('what is typed', () => {
  it.each([
    ['123456', { kind: 'totp', code: '123456' }],
    [' 123 456 ', { kind: 'totp', code: '123456' }],
    ['ABCDE-fghij-klmno-p2345', { kind: 'backup', code: 'abcdefghijklmnop2345' }],
    ['12345', null],
    ['1234567', null],
    ['', null],
    ['abcdefghijklmnop2341', null],
  ])('%s', (typed, wanted) => {
    expect(normalCode(typed)).toEqual(wanted)
  })
})

describe('the lock after wrong codes', () => {
  const failedAt = new Date('2026-11-22T03:00:00.000Z')
  const minutesOn = (minutes: number) => failedAt.getTime() + minutes * 60_000

  it('comes with the fifth and lasts five minutes', () => {
    expect(lockedUntil({ failures: 4, failedAt }, minutesOn(0))).toBeNull()
    expect(lockedUntil({ failures: 5, failedAt }, minutesOn(4))).toBe(minutesOn(5))
    expect(lockedUntil({ failures: 5, failedAt }, minutesOn(5))).toBeNull()
  })

  it('begins the count anew once it has run out', () => {
    expect(failuresAfter({ failures: 2, failedAt }, minutesOn(1))).toBe(3)
    expect(failuresAfter({ failures: 5, failedAt }, minutesOn(6))).toBe(1)
    expect(failuresAfter({ failures: 0, failedAt: null }, minutesOn(0))).toBe(1)
  })
})
