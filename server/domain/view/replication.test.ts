import { describe, expect, it } from 'vitest'
import type { AgentObservation } from '../agent-protocol'
import { agentDeaf, agentSeen, beginMs, primaryFacts, standbyFacts, t } from './fixtures'
import { judgeReplication } from './replication'
import { judgeServer } from './server'

function judged(primary: AgentObservation, standby: AgentObservation, atSeconds = 0, standbyAtSeconds = atSeconds) {
  const nowMs = beginMs + atSeconds * 1000
  const p = { id: 'db-east-1', ...judgeServer([agentSeen(primary, { atSeconds })], [], nowMs) }
  const s = { id: 'db-west-1', ...judgeServer([agentSeen(standby, { atSeconds: standbyAtSeconds })], [], nowMs) }
  return judgeReplication(p, s, 5)
}
const beat = (seconds: number) => ({ at: t(seconds), lsn: '0/3000000', serverId: 'db-east-1' })

describe('judgeReplication', () => {
  it('an idle primary has no lag: heartbeats go on', () => {
    const found = judged(
      primaryFacts({ observedAt: t(60), heartbeat: beat(60) }),
      standbyFacts({
        observedAt: t(60),
        heartbeat: beat(60),
        receiver: { status: 'streaming', senderHost: null, senderPort: null, lastMessageAt: t(60), latestEndLsn: null },
      }),
      60,
    )
    expect(found).toMatchObject({ state: 'streaming', health: 'ok' })
    expect(found.lagSeconds.value).toBe(0)
    expect(found.lagBytes.value).toBe(0)
  })

  it('a broken link grows, and is never "caught up" though the standby applied all that it received', () => {
    for (const age of [10, 30, 300]) {
      const found = judged(
        primaryFacts({ observedAt: t(age), heartbeat: beat(age), currentLsn: '0/4000000' }),
        standbyFacts({ observedAt: t(age), heartbeat: beat(0), receiver: null }),
        age,
      )
      expect(found).toMatchObject({ state: 'broken', health: 'down' })
      expect(found.lagSeconds).toMatchObject({ value: age, health: 'down' })
      expect(found.lagBytes).toMatchObject({ value: 0x1000000, health: 'down' })
    }
  })

  it('does not believe a receiver that says streaming on a silent link', () => {
    const silent = standbyFacts({ observedAt: t(15), heartbeat: beat(1) })
    expect(judged(primaryFacts({ observedAt: t(15), heartbeat: beat(15) }), silent, 15).state).toBe('broken')
  })

  it('takes off the time between the two looks', () => {
    const found = judged(
      primaryFacts({ observedAt: t(1), heartbeat: beat(1) }),
      standbyFacts({ observedAt: t(0), heartbeat: beat(0) }),
      1,
      0,
    )
    expect(found.lagSeconds.value).toBe(0)
  })

  it('does not know the lag when the primary is not seen', () => {
    const nowMs = beginMs
    const p = { id: 'db-east-1', ...judgeServer([agentDeaf('db-east-1')], [], nowMs) }
    const s = { id: 'db-west-1', ...judgeServer([agentSeen(standbyFacts())], [], nowMs) }
    expect(judgeReplication(p, s, 5)).toMatchObject({
      health: 'unknown',
      lagSeconds: { value: null, health: 'unknown' },
      lagBytes: { value: null, health: 'unknown' },
    })
  })

  it('is none without a standby, and unknown without sight of it', () => {
    const p = { id: 'db-east-1', ...judgeServer([agentSeen(primaryFacts())], [], beginMs) }
    expect(judgeReplication(p, null, 5).state).toBe('none')
    const s = { id: 'db-west-1', ...judgeServer([agentDeaf('db-west-1')], [], beginMs) }
    expect(judgeReplication(p, s, 5)).toMatchObject({ state: 'unknown', health: 'unknown' })
  })
})
