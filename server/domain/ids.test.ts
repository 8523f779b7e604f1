import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { datacenterOf, idProblems, idsFindings, idUnknowns, readIds } from './ids'
import { idsConfig } from './shared-names'

const layout = idsConfig.parse({ kind: 'snowflake', query: 'SELECT 1' })
const makeId = (ms: number, datacenter: number, low = 7) =>
  ((BigInt(ms) << 22n) | (BigInt(datacenter) << 17n) | BigInt(low)).toString()
const apart = [
  { region: 'us-east', told: '1' },
  { region: 'us-west', told: '2' },
]

describe('decoding ids', () => {
  it('finds the datacenter whatever time, instance and sequence are', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 40 }),
        fc.integer({ min: 0, max: 31 }),
        fc.integer({ min: 0, max: 2 ** 17 - 1 }),
        (ms, datacenter, low) => {
          expect(datacenterOf(makeId(ms, datacenter, low), layout)).toBe(datacenter)
        },
      ),
    )
  })

  it.each(['', '-5', '12.5', 'abc', '1e9', '99999999999999999999'])('does not take %j for an id', (text) => {
    expect(datacenterOf(text, layout)).toBeNull()
  })
})

describe('what a sample says', () => {
  const read = (rows: [string, string][]) => ({
    datacenters: apart,
    ...readIds(
      layout,
      rows.map(([key, value]) => ({ key, value })),
    ),
  })

  it('finds nothing wrong where each region uses its own number', () => {
    const facts = read([
      [makeId(5, 1), 'us-east'],
      [makeId(5, 2), 'us-west'],
    ])
    expect([idProblems(layout, facts), idUnknowns(layout, facts)]).toEqual([[], []])
  })

  it.each([
    ['an id of the other region’s number', [[makeId(5, 1), 'us-west']], 'carry the number 1 of us-east'],
    ['a number that nobody has', [[makeId(5, 9), 'us-east']], 'the number 9, which no region has'],
    ['something that is no id', [['x', 'us-east']], 'no number of this layout'],
    [
      'an id that came twice',
      [
        [makeId(5, 1), 'us-east'],
        [makeId(5, 1), 'us-east'],
      ],
      'came twice',
    ],
  ] as [string, [string, string][], string][])('finds %s', (_what, rows, words) => {
    expect(idProblems(layout, read(rows)).join()).toContain(words)
  })

  it.each([
    ['the same number twice', ['1', '1'], 'are both told'],
    ['a number beyond the bits', ['1', '32'], 'does not fit 5 bits'],
    ['no number', ['1', 'west'], 'does not fit 5 bits'],
  ])('finds %s in the configuration', (_what, [east = '', west = ''], words) => {
    const datacenters = [
      { region: 'us-east', told: east },
      { region: 'us-west', told: west },
    ]
    expect(idProblems(layout, { ...read([]), datacenters }).join()).toContain(words)
  })

  it('takes a number that it could not read for unknown, and no foreign number for certain then', () => {
    const datacenters = [
      { region: 'us-east', told: '1' },
      { region: 'us-west', told: null },
    ]
    const facts = { ...read([[makeId(5, 2), 'us-west']]), datacenters }
    expect(idProblems(layout, facts)).toEqual([])
    expect(idUnknowns(layout, facts).join()).toContain('us-west could not be read')
  })
})

describe('findings', () => {
  const seen = { observedAt: '2026-01-01T00:00:00Z', failure: null }
  const facts = {
    datacenters: apart,
    sampled: 1,
    found: [{ datacenter: 1, region: 'us-east', count: 1 }],
    duplicates: [],
  }

  it.each([
    ['nobody looked', null],
    ['the look is too old', { ...seen, facts, fresh: false }],
    ['the look failed', { ...seen, failure: 'refused', facts: null, fresh: true }],
    ['the data is empty', { ...seen, facts: { ...facts, sampled: 0, found: [] }, fresh: true }],
  ])('says unknown, not fine, when %s', (_what, look) => {
    expect(idsFindings(layout, look, 'blocker').map((each) => [each.code, each.severity])).toEqual([
      ['ids.unknown', 'warning'],
    ])
  })

  it('stops on an overlap, and says nothing when all is well', () => {
    const overlapping = { ...facts, found: [{ datacenter: 1, region: 'us-west', count: 2 }] }
    expect(idsFindings(layout, { ...seen, facts: overlapping, fresh: true }, 'blocker')).toMatchObject([
      { code: 'ids.overlap', severity: 'blocker' },
    ])
    expect(idsFindings(layout, { ...seen, facts, fresh: true }, 'blocker')).toEqual([])
  })
})
