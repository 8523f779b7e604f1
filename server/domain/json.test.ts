import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson, digestOf } from './json'

describe('canonicalJson', () => {
  it('gives the same text whatever order the keys were written in', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const turned = Object.fromEntries(Object.entries(value).reverse())
        expect(canonicalJson(turned)).toBe(canonicalJson(value))
      }),
    )
  })

  it('reads back as what was written', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  it('refuses what JSON would silently change', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, () => 1, Symbol('x')])
      expect(() => canonicalJson({ value })).toThrow(TypeError)
  })

  it('keeps text apart that only looks the same', () => {
    expect(digestOf({ name: '\u00e9' })).not.toBe(digestOf({ name: 'e\u0301' }))
    expect(digestOf({ n: 1 })).not.toBe(digestOf({ n: '1' }))
  })
})

describe('digestOf', () => {
  it('changes with any one field', () => {
    const base = { plan: { steps: [{ key: 'a', budgetMs: 1 }], to: 'us-west' } }
    const digests = [
      digestOf(base),
      digestOf({ plan: { ...base.plan, to: 'us-east' } }),
      digestOf({ plan: { ...base.plan, steps: [{ key: 'a', budgetMs: 2 }] } }),
      digestOf({ plan: { ...base.plan, steps: [] } }),
    ]
    expect(new Set(digests).size).toBe(digests.length)
  })
})
