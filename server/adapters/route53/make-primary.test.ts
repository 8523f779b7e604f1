import type { ResourceRecordSet } from '@aws-sdk/client-route-53'
import { describe, expect, it } from 'vitest'
import { Terminal } from '@/server/ports/errors'
import { changesToMakePrimary, sameName } from './make-primary'
import { judgeHealth } from './route53'

const set = (place: 'PRIMARY' | 'SECONDARY', value: string, HealthCheckId?: string): ResourceRecordSet => ({
  Name: 'go.lab.',
  Type: 'A',
  TTL: 2,
  SetIdentifier: place.toLowerCase(),
  Failover: place,
  ResourceRecords: [{ Value: value }],
  ...(HealthCheckId && { HealthCheckId }),
})
const batchFor = (sets: ResourceRecordSet[], answers: string[]) =>
  changesToMakePrimary(sets, 'go.lab', answers).map(({ Action, ResourceRecordSet: to }) => [
    Action,
    to?.SetIdentifier,
    to?.Failover,
    to?.ResourceRecords?.map(({ Value }) => Value).join(),
    to?.HealthCheckId,
  ])

describe('making a region the first answer', () => {
  const pair = [set('PRIMARY', '127.0.1.1', 'east-check'), set('SECONDARY', '127.0.2.1', 'west-check')]

  it('swaps the values, each with its health check, and leaves the places', () => {
    expect(batchFor(pair, ['127.0.2.1'])).toEqual([
      ['UPSERT', 'primary', 'PRIMARY', '127.0.2.1', 'west-check'],
      ['UPSERT', 'secondary', 'SECONDARY', '127.0.1.1', 'east-check'],
    ])
  })

  it('takes no health check along where the values had none', () => {
    expect(batchFor([set('PRIMARY', '127.0.1.1', 'east-check'), set('SECONDARY', '127.0.2.1')], ['127.0.2.1'])).toEqual(
      [
        ['UPSERT', 'primary', 'PRIMARY', '127.0.2.1', undefined],
        ['UPSERT', 'secondary', 'SECONDARY', '127.0.1.1', 'east-check'],
      ],
    )
  })

  it('repeats the same batch when it is so already', () => {
    expect(batchFor(pair, ['127.0.1.1']).map((each) => each[3])).toEqual(['127.0.1.1', '127.0.2.1'])
  })

  it('changes a plain record', () => {
    const plain: ResourceRecordSet = { Name: 'go.lab.', Type: 'A', TTL: 2, ResourceRecords: [{ Value: '127.0.1.1' }] }
    expect(batchFor([plain], ['127.0.2.1'])).toEqual([['UPSERT', undefined, undefined, '127.0.2.1', undefined]])
  })

  it.each([
    ['answers that no record has', pair, ['127.0.9.9']],
    ['weighted records', [{ Name: 'go.lab.', Type: 'A' as const, SetIdentifier: 'w', Weight: 1 }], ['127.0.2.1']],
    ['no records', [], ['127.0.2.1']],
  ])('refuses %s', (_what, sets, answers) => {
    expect(() => changesToMakePrimary(sets, 'go.lab', answers)).toThrow(Terminal)
  })

  it('knows a name with and without its final dot', () => {
    expect(sameName('Go.lab.', 'go.lab')).toBe(true)
    expect(sameName('go.lab', 'gone.lab')).toBe(false)
  })
})

describe('judging a health check', () => {
  const reports = (good: number, bad: number) => [
    ...Array.from({ length: good }, () => ({ StatusReport: { Status: 'Success: HTTP Status Code 200, OK' } })),
    ...Array.from({ length: bad }, () => ({ StatusReport: { Status: 'Failure: Connection timed out.' } })),
  ]
  const plain = { inverted: false, disabled: false }

  it.each([
    [2, 8, plain, 'healthy'],
    [1, 9, plain, 'unhealthy'],
    [0, 0, plain, 'unknown'],
    [10, 0, { inverted: true, disabled: false }, 'unhealthy'],
    [0, 10, { inverted: true, disabled: false }, 'healthy'],
    [0, 10, { inverted: false, disabled: true }, 'healthy'],
  ])('%i good and %i bad reports with %o', (good, bad, check, status) => {
    expect(judgeHealth(reports(good, bad), check).status).toBe(status)
  })
})
