import { describe, expect, it } from 'vitest'
import { compareLsn, furthestLsn, lsnDiffBytes, parseLsn } from './lsn'

describe('WAL positions', () => {
  it('reads both halves', () => {
    expect(parseLsn('0/3000148')).toBe(0x3000148n)
    expect(parseLsn('1/0')).toBe(1n << 32n)
    expect(parseLsn('FFFFFFFF/FFFFFFFF')).toBe((1n << 64n) - 1n)
  })

  it.each(['', '0', '0/', '/0', '0/0/0', '0/123456789', '0x1/2', ' 0/1', '0/g'])('refuses %j', (text) => {
    expect(() => parseLsn(text)).toThrow(TypeError)
  })

  it('counts bytes over the boundary of a half, in both directions', () => {
    expect(lsnDiffBytes('1/10', '0/FFFFFFF0')).toBe(0x20)
    expect(lsnDiffBytes('0/FFFFFFF0', '1/10')).toBe(-0x20)
  })

  it('orders by value, not as text', () => {
    expect(['A/0', '9/FFFFFFFF', '0/100', '0/20'].sort(compareLsn)).toEqual(['0/20', '0/100', '9/FFFFFFFF', 'A/0'])
    expect(compareLsn('0/00A', '0/A')).toBe(0)
  })

  it('takes the furthest of those that are known', () => {
    expect(furthestLsn(null, '0/20', undefined, '0/100')).toBe('0/100')
    expect(furthestLsn(null, undefined)).toBeNull()
  })
})
