import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RowVersion } from '@/server/ports/table-view'
import { compareVersions, countOf, stillUnexplained, totals, unequalRanges } from './compare-versions'

const row = (id: string, hash = id, seen = true): RowVersion => ({ id, hash, seen })
const judge = (first: RowVersion[], second: RowVersion[], third: RowVersion[]) =>
  stillUnexplained(compareVersions(first, second), third)

describe('comparing two servers while one of them takes writes', () => {
  it.each([
    ['nothing happened', [row('a')], [row('a')], [row('a')]],
    ['a row was added in between', [row('a')], [row('a'), row('b', 'b', false)], [row('a'), row('b')]],
    ['a row was replaced in between', [row('a')], [row('b', 'b', false)], [row('b')]],
    ['a row was deleted in between', [row('a'), row('b')], [row('a')], [row('a')]],
    ['a row came and went in between', [row('a')], [row('a'), row('b', 'b', false)], [row('a')]],
    ['a subtransaction looks older than it is', [row('a')], [row('a'), row('b')], [row('a'), row('b')]],
    ['a frozen row looks newer than it is', [row('a')], [row('a', 'a', false)], [row('a')]],
  ])('%s: equal', (_what, first, second, third) => {
    expect(countOf(judge(first, second, third))).toBe(0)
  })

  it.each([
    ['the standby lost a row', [row('a'), row('b')], [row('a')], [row('a'), row('b')]],
    ['the standby has another content', [row('a')], [row('a', 'x')], [row('a')]],
    ['the standby made a row up', [row('a')], [row('a'), row('b')], [row('a')]],
    ['the standby kept a row that was deleted before', [row('a')], [row('a'), row('old')], [row('a')]],
  ])('%s: different', (_what, first, second, third) => {
    expect(countOf(judge(first, second, third))).toBe(1)
  })

  it('never takes what really happened for a difference', () => {
    // Each version is written before or after the first moment, and gone before any of the three, or never.
    const history = fc.array(fc.record({ from: fc.nat(2), until: fc.nat(4) }), { maxLength: 30 })
    fc.assert(
      fc.property(history, (lives) => {
        const at = (moment: number) =>
          lives.flatMap(({ from, until }, index) =>
            from <= moment && until > moment ? [row(`v${index}`, `h${index}`, from === 0)] : [],
          )
        expect(countOf(judge(at(0), at(1), at(2)))).toBe(0)
      }),
    )
  })
})

describe('digests', () => {
  const digest = (range: number, rows: number, checksum: string) => ({ range, rows, checksum })

  it('finds ranges that differ on either side', () => {
    expect(unequalRanges([digest(0, 1, '5'), digest(1, 2, '7')], [digest(0, 1, '5'), digest(1, 2, '8')])).toEqual([1])
    expect(unequalRanges([digest(0, 1, '5')], [digest(0, 1, '5'), digest(3, 1, '1')])).toEqual([3])
    expect(unequalRanges([], [])).toEqual([])
  })

  it('sums checksums beyond what a number holds', () => {
    const big = '9223372036854775807'
    expect(totals([digest(0, 1, big), digest(1, 2, big)])).toEqual({ rows: 3, checksum: '18446744073709551614' })
  })
})
