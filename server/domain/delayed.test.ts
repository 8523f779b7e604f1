import { describe, expect, it } from 'vitest'
import { agentFacts, now } from '@/server/testing/facts'
import type { AgentObservation } from './agent-protocol'
import { appliedUpTo, judgeDelayed, spanText } from './delayed'

const iso = (agoMs: number): string => new Date(now - agoMs).toISOString()
const late = (over: Partial<AgentObservation> = {}) =>
  agentFacts({
    observedAt: iso(0),
    applyDelayMs: 60_000,
    heartbeat: { at: iso(61_000), lsn: '0/3000100', serverId: 'db-us-east' },
    ...over,
  })
const beat = (agoMs: number) => ({ heartbeat: { at: iso(agoMs), lsn: '0/3000100', serverId: 'db-us-east' } })

describe('a delayed standby', () => {
  it.each<[string, Partial<AgentObservation>, string]>([
    ['in-place', {}, 'Held 60 s behind on purpose.'],
    ['in-place', beat(12_000), '12 s behind so far'],
    ['in-place', { receiver: null }, 'Held 60 s behind on purpose.'],
    ['too-far', beat(300_000), '5 min behind'],
    ['too-near', { applyDelayMs: 0 }, 'its agent waits 0 s'],
    ['too-near', { applyDelayMs: undefined }, 'an unknown time'],
    ['held', { replay: { mode: 'held', runId: 'r1', targetTime: null }, replayPaused: true }, 'run r1'],
    ['held', { replay: { mode: 'target', runId: 'r1', targetTime: iso(9) }, replayPaused: true }, iso(9)],
    ['not-applying', { replayPaused: true }, 'paused by hand'],
    ['not-applying', { state: 'stopped', role: null }, 'no running standby'],
    ['not-applying', { heartbeat: null }, 'no heartbeat'],
  ])('is %s', (state, over, words) => {
    const judged = judgeDelayed(late(over), 60_000)
    expect(judged.state).toBe(state)
    expect(judged.sentence).toContain(words)
  })

  it('has applied up to the newer of its last transaction and its newest heartbeat', () => {
    expect(appliedUpTo(late({ lastReplayedXactAt: iso(50_000) }))).toBe(iso(50_000))
    expect(appliedUpTo(late({ lastReplayedXactAt: iso(90_000) }))).toBe(iso(61_000))
    expect(appliedUpTo({ heartbeat: null, lastReplayedXactAt: null })).toBeNull()
  })

  it('speaks of spans in whole units', () => {
    expect([0, 60_000, 300_000, 3_600_000, 90_000, 5_000_000].map(spanText)).toEqual([
      '0 s',
      '60 s',
      '5 min',
      '1 h',
      '90 s',
      '83 min',
    ])
  })
})
