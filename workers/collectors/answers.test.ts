import { describe, expect, it } from 'vitest'
import type { ProbeResult } from '@/server/ports/managed'
import { testConfig } from '@/server/testing/facts'
import { regionOfAnswers } from './dns'
import { worstOf } from './public'
import { writerOf } from './workload'

const probe = (over: Partial<ProbeResult>): ProbeResult => ({
  ok: true,
  status: 200,
  latencyMs: 5,
  failure: null,
  address: '127.1.1.10',
  ...over,
})

describe('worstOf', () => {
  it('is bad as soon as it is bad through one resolver, and says through which', () => {
    const bad = probe({ ok: false, status: 503, failure: 'answered 503' })
    const worst = worstOf([
      { resolver: 'a:53', result: probe({}) },
      { resolver: 'b:53', result: bad },
    ])
    expect(worst).toMatchObject({ ok: false, status: 503, failure: 'Through b:53: answered 503' })
  })

  it('is the slowest when all are good, and bad when there is no resolver', () => {
    const results = [3, 9, 4].map((latencyMs) => ({ resolver: 'a:53', result: probe({ latencyMs }) }))
    expect(worstOf(results)).toMatchObject({ ok: true, latencyMs: 9 })
    expect(worstOf([])).toMatchObject({ ok: false })
  })
})

describe('regionOfAnswers', () => {
  it.each([
    [['127.1.1.10'], 'us-east'],
    [['127.1.2.10'], 'us-west'],
    [['127.1.1.10', '127.1.2.10'], null],
    [['10.0.0.1'], null],
    [[], null],
  ])('%j → %s', (answers, region) => {
    expect(regionOfAnswers(testConfig(), answers)).toBe(region)
  })
})

describe('writerOf', () => {
  it.each([
    [{ DATABASE_HOST: 'db-us-east.test', DATABASE_PORT: '5432' }, 'db-us-east'],
    [{ DATABASE_HOST: 'db-us-east.test' }, 'db-us-east'],
    [{ DATABASE_HOST: 'db-us-east.test', DATABASE_PORT: '1' }, 'db-us-east.test'],
    [{ DATABASE_HOST: 'elsewhere' }, 'elsewhere'],
    [{}, null],
  ])('%j → %s', (environment: Record<string, string>, writer) => {
    expect(writerOf(testConfig(), environment)).toBe(writer)
  })
})
