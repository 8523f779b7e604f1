import { describe, expect, it } from 'vitest'
import { agentDeaf, agentSeen, beginMs, platformSeen, primaryFacts, standbyFacts, t } from './fixtures'
import { judgeServer } from './server'

const now = beginMs + 1000

describe('judgeServer', () => {
  it('knows nothing of a server that nobody ever reached', () => {
    expect(judgeServer([], [], now)).toMatchObject({ health: 'unknown', role: null, now: null })
  })

  it('is ok only while it is fresh: older than twice the interval is stale', () => {
    const seen = [agentSeen(primaryFacts())]
    expect(judgeServer(seen, [], beginMs + 2000)).toMatchObject({ health: 'ok', role: 'primary' })
    expect(judgeServer(seen, [], beginMs + 2001)).toMatchObject({ health: 'stale', now: null })
  })

  it('never reads an unreachable agent as a server that is down', () => {
    const deaf = judgeServer([agentDeaf('db-east-1'), agentDeaf('db-east-1', { vantage: 'vantage-b' })], [], now)
    expect(deaf.health).toBe('unknown')
    expect(deaf.detail).toContain('does not answer')
  })

  it('still tells what an unreachable agent said last, and when', () => {
    const kept = { ...agentDeaf('db-east-1', { atSeconds: 60 }), facts: primaryFacts() }
    const found = judgeServer([kept], [], beginMs + 60_500)
    expect(found).toMatchObject({ role: 'primary', health: 'unknown', observedAt: t(0), now: null })
  })

  it('takes the platform’s word that a machine is stopped, while that word is fresh', () => {
    const deaf = [agentDeaf('db-east-1', { atSeconds: 1 })]
    expect(judgeServer(deaf, [platformSeen('stopped', { atSeconds: 1 })], now).health).toBe('down')
    expect(judgeServer(deaf, [platformSeen('stopped', { atSeconds: -9 })], now).health).toBe('unknown')
    expect(judgeServer(deaf, [platformSeen('running', { atSeconds: 1 })], now)).toMatchObject({ health: 'unknown' })
  })

  it('believes the vantage point that reaches it, and names the one that does not', () => {
    const seen = judgeServer([agentSeen(primaryFacts()), agentDeaf('db-east-1', { vantage: 'vantage-b' })], [], now)
    expect(seen.health).toBe('ok')
    expect(seen.detail).toContain('Not reached from vantage-b')
  })

  it.each([
    ['stopped', primaryFacts({ state: 'stopped', role: null }), 'down', 'stopped'],
    ['unresponsive', primaryFacts({ state: 'unresponsive', role: null }), 'down', null],
    ['starting', primaryFacts({ state: 'starting', role: null }), 'degraded', null],
    ['a primary that refuses writes', primaryFacts({ acceptsWrites: false }), 'degraded', 'primary'],
    ['a primary not proved, no beat', primaryFacts({ acceptsWrites: null, heartbeat: null }), 'unknown', 'primary'],
    ['a standby that receives nothing', standbyFacts({ receiver: null }), 'degraded', 'standby'],
    ['a detached standby', standbyFacts({ receiver: null, follows: null }), 'degraded', 'standby'],
    ['a paused standby', standbyFacts({ replayPaused: true }), 'degraded', 'standby'],
    ['a streaming standby', standbyFacts(), 'ok', 'standby'],
    [
      'a fenced standby',
      standbyFacts({ fence: { reason: 'run', generation: 4, runId: 'r', at: t(0) } }),
      'degraded',
      'fenced',
    ],
  ])('%s', (_, facts, health, role) => {
    expect(judgeServer([agentSeen(facts)], [], now)).toMatchObject({ health, role })
  })
})
