import { describe, expect, it } from 'vitest'
import { applyChanges } from '@/lab/dns/change-batch'
import type { RecordSet } from '@/lab/dns/model'
import { chooseRecord } from '@/lab/dns/routing'

const record = (value: string, rest: Partial<RecordSet>): RecordSet => ({
  name: 'go.lab.',
  type: 'A',
  ttlSeconds: 2,
  values: [value],
  setIdentifier: value,
  ...rest,
})
const choose = (records: RecordSet[], red: string[], rest: { random?: number; country?: string } = {}) =>
  chooseRecord(records, {
    isHealthy: (id) => !red.includes(id),
    location: rest.country ? { continentCode: 'EU', countryCode: rest.country } : null,
    random: () => rest.random ?? 0,
  })?.values[0]

describe('failover', () => {
  const records = [
    record('secondary', { failover: 'SECONDARY', healthCheckId: 's' }),
    record('primary', { failover: 'PRIMARY', healthCheckId: 'p' }),
  ]
  it.each([
    { red: [], answer: 'primary' },
    { red: ['p'], answer: 'secondary' },
    { red: ['s'], answer: 'primary' },
    { red: ['p', 's'], answer: 'primary' },
  ])('answers $answer when red are $red', ({ red, answer }) => expect(choose(records, red)).toBe(answer))

  it('takes a secondary without a health check as always healthy', () => {
    const unchecked = [
      record('primary', { failover: 'PRIMARY', healthCheckId: 'p' }),
      record('secondary', { failover: 'SECONDARY' }),
    ]
    expect(choose(unchecked, ['p', 's'])).toBe('secondary')
  })
})

describe('weighted', () => {
  const records = [
    record('one', { weight: 1, healthCheckId: '1' }),
    record('three', { weight: 3, healthCheckId: '3' }),
    record('zero', { weight: 0, healthCheckId: '0' }),
  ]
  it('gives each its share', () => {
    const answers = Array.from({ length: 8 }, (_, index) => choose(records, [], { random: index / 8 }))
    expect(answers.filter((answer) => answer === 'one')).toHaveLength(2)
    expect(answers.filter((answer) => answer === 'three')).toHaveLength(6)
  })
  it('falls back to weight 0 when all others are red', () => expect(choose(records, ['1', '3'])).toBe('zero'))
  it('takes all as healthy when none is, then leaves weight 0 out again', () =>
    expect(choose(records, ['0', '1', '3'], { random: 0.99 })).toBe('three'))
  it('spreads evenly over nothing but weight 0', () => {
    const zeros = [record('a', { weight: 0 }), record('b', { weight: 0 })]
    expect([choose(zeros, [], { random: 0.2 }), choose(zeros, [], { random: 0.7 })]).toEqual(['a', 'b'])
  })
})

describe('geolocation', () => {
  const records = [
    record('default', { geoLocation: { countryCode: '*' } }),
    record('europe', { geoLocation: { continentCode: 'EU' }, healthCheckId: 'e' }),
    record('france', { geoLocation: { countryCode: 'FR' }, healthCheckId: 'f' }),
  ]
  it.each([
    { country: 'FR', red: [], answer: 'france' },
    { country: 'DE', red: [], answer: 'europe' },
    { country: 'FR', red: ['f'], answer: 'europe' },
    { country: 'FR', red: ['f', 'e'], answer: 'default' },
    { country: undefined, red: [], answer: 'default' },
  ])('answers $answer in $country when red are $red', ({ country, red, answer }) =>
    expect(choose(records, red, country === undefined ? {} : { country })).toBe(answer),
  )
  it('answers nothing where no record fits', () => {
    expect(choose([record('france', { geoLocation: { countryCode: 'FR' } })], [], { country: 'DE' })).toBeUndefined()
  })
})

describe('a change batch', () => {
  const zone = 'lab.'
  const current = [record('primary', { failover: 'PRIMARY' }), record('secondary', { failover: 'SECONDARY' })]

  it('is applied whole or not at all, and says every reason', () => {
    const result = applyChanges(zone, current, [
      { action: 'UPSERT', record: record('primary', { failover: 'PRIMARY', ttlSeconds: 9 }) },
      { action: 'CREATE', record: record('secondary', { failover: 'SECONDARY' }) },
      { action: 'DELETE', record: { name: 'gone.lab.', type: 'A', ttlSeconds: 1, values: ['127.0.0.1'] } },
    ])
    expect(result).toEqual({
      ok: false,
      messages: [
        "Tried to create resource record set [name='go.lab.', type='A', set identifier='secondary'] but it already exists",
        "Tried to delete resource record set [name='gone.lab.', type='A'] but it was not found",
      ],
    })
  })
  it('judges roles on the result, so that primary and secondary can be swapped in one batch', () => {
    const result = applyChanges(zone, current, [
      { action: 'UPSERT', record: record('primary', { failover: 'SECONDARY' }) },
      { action: 'UPSERT', record: record('secondary', { failover: 'PRIMARY' }) },
    ])
    expect(result.ok && result.records.map((one) => [one.setIdentifier, one.failover])).toEqual([
      ['primary', 'SECONDARY'],
      ['secondary', 'PRIMARY'],
    ])
  })
  it.each([
    { name: 'two primaries', changed: record('secondary', { failover: 'PRIMARY' }) },
    { name: 'two policies', changed: record('third', { weight: 1 }) },
    { name: 'a name outside the zone', changed: record('x', { name: 'go.example.', failover: 'PRIMARY' }) },
    { name: 'a routing policy without an identifier', changed: record('x', { setIdentifier: undefined, weight: 1 }) },
    { name: 'an alias beside other types', changed: record('x', { type: 'CNAME', setIdentifier: undefined }) },
  ])('refuses $name', ({ changed }) => {
    expect(applyChanges(zone, current, [{ action: 'UPSERT', record: changed }]).ok).toBe(false)
  })
})
