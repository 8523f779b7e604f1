import { describe, expect, it } from 'vitest'
import { beginMs, publicSeen } from './fixtures'
import { type HeadlineInput, headline } from './headline'
import { reachability } from './reachability'

const rules = { vantagePoints: ['vantage-a', 'vantage-b'], quorum: 2, failuresToConfirm: 2 }
const look = (a: [boolean, number] | null, b: [boolean, number] | null, nowMs = beginMs) =>
  reachability(
    [...(a ? [publicSeen(...a)] : []), ...(b ? [publicSeen(...b, { vantage: 'vantage-b' })] : [])],
    rules,
    nowMs,
  )

describe('reachability', () => {
  it.each([
    ['all answer', [true, 0], [true, 0], 'ok'],
    ['one fails', [false, 9], [true, 0], 'degraded'],
    ['both fail, once', [false, 1], [false, 1], 'degraded'],
    ['both fail, confirmed', [false, 2], [false, 3], 'down'],
    ['one answers, the other never looked', [true, 0], null, 'degraded'],
    ['one fails, confirmed, the other never looked', [false, 5], null, 'degraded'],
    ['nobody looked', null, null, 'unknown'],
  ] as const)('%s', (_, a, b, health) => {
    expect(look(a ? [...a] : null, b ? [...b] : null).health).toBe(health)
  })

  it('is stale, never ok, once the answers are old', () => {
    const old = look([true, 0], [true, 0], beginMs + 2001)
    expect(old.health).toBe('stale')
    expect(old.sights.map((sight) => [sight.ok, sight.health])).toEqual([
      [null, 'stale'],
      [null, 'stale'],
    ])
  })
})

const figure = { value: 0.3, observedAt: null, health: 'ok' as const, note: null }
const fine: HeadlineInput = {
  name: 'Shortener',
  primaries: ['db-east-1'],
  public: { health: 'ok', sentence: 'Answers.' },
  replication: { state: 'streaming', health: 'ok', lagSeconds: figure },
  writerRegion: 'US East',
  standbyRegion: 'US West',
  activeRun: null,
}

describe('headline', () => {
  it('says in one sentence who writes and who follows', () => {
    expect(headline(fine)).toEqual({
      health: 'ok',
      sentence: 'Shortener is up: US East writes, US West follows 0.3 s behind.',
    })
  })

  it('two primaries are the loudest of all, even while users are answered', () => {
    const two = headline({ ...fine, primaries: ['db-east-1', 'db-west-1'] })
    expect(two.health).toBe('down')
    expect(two.sentence).toMatch(/^TWO PRIMARIES: db-east-1 and db-west-1/)
    const andDown = headline({ ...fine, primaries: ['a', 'b'], public: { health: 'down', sentence: 'x' } })
    expect(andDown.sentence).toMatch(/^TWO PRIMARIES/)
  })

  it.each([
    [{ public: { health: 'down', sentence: 'x' } }, 'down'],
    [{ public: { health: 'stale', sentence: 'x' } }, 'stale'],
    [{ public: { health: 'unknown', sentence: 'x' } }, 'unknown'],
    [{ primaries: [] }, 'degraded'],
    [{ replication: { ...fine.replication, state: 'broken', health: 'down' } }, 'degraded'],
    [{ replication: { ...fine.replication, state: 'none', health: 'degraded' } }, 'degraded'],
    [{ replication: { ...fine.replication, state: 'unknown', health: 'unknown' } }, 'degraded'],
    [{ replication: { ...fine.replication, lagSeconds: { ...figure, value: null } } }, 'degraded'],
  ] satisfies [Partial<HeadlineInput>, string][])('%j is %s, never ok', (change, health) => {
    expect(headline({ ...fine, ...change }).health).toBe(health)
  })

  it('tells of a run that acts on it', () => {
    expect(headline({ ...fine, activeRun: { kind: 'failover', state: 'paused' } }).sentence).toContain(
      'waits for a person',
    )
  })
})
