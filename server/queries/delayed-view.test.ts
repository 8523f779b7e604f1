import { describe, expect, it } from 'vitest'
import type { AgentObservation } from '@/server/domain/agent-protocol'
import { judgeServer } from '@/server/domain/view/server'
import { delayedFacts } from '@/server/testing/delayed-facts'
import { agentFacts, now, seenBy } from '@/server/testing/facts'
import { asDelayed, delayedView } from './delayed-view'
import { ofKind } from './observations'

const { config } = delayedFacts()
const server = config.regions[1]?.servers[1]
if (!server) throw new Error('no delayed server')

function judged(late: Partial<AgentObservation> = {}, upstream: Partial<AgentObservation> = {}) {
  const facts = delayedFacts(late)
  const agents = [
    ...ofKind(facts.observations, 'agent'),
    seenBy('agent', 'db-us-west', 'vantage-a', true, agentFacts(upstream)),
  ]
  const mine = agents.filter((each) => each.subject === server?.id)
  if (!server) throw new Error('no delayed server')
  return { server, ...asDelayed(server, judgeServer(mine, [], now), agents) }
}
const slot = (walStatus: string) => ({
  slots: [{ name: 'db_us_west_2', active: false, restartLsn: '0/3000100', walStatus }],
})

describe('a delayed standby on the page', () => {
  it('is well while it is held behind, whether or not it receives', () => {
    expect(judged()).toMatchObject({ health: 'ok', detail: 'Held 60 s behind on purpose.' })
    expect(judged({ receiver: null })).toMatchObject({ health: 'ok' })
  })

  it('is paused while a run holds it, and degraded when it is not where it should be', () => {
    const replay = { mode: 'held' as const, runId: 'r1', targetTime: null }
    expect(judged({ replay, replayPaused: true })).toMatchObject({ health: 'paused' })
    expect(judged({ applyDelayMs: 0 })).toMatchObject({ health: 'degraded' })
  })

  it('alerts when its upstream gives up the WAL that it needs', () => {
    expect(judged({}, slot('reserved')).health).toBe('ok')
    expect(judged({}, slot('unreserved'))).toMatchObject({
      health: 'degraded',
      detail: expect.stringContaining('about to lose'),
    })
    expect(judged({}, slot('lost')).detail).toContain('rebuilt')
  })

  it('keeps the ordinary judgement once it is the writer', () => {
    const primary = judged({ role: 'primary', currentLsn: '0/3000148', acceptsWrites: true })
    expect(primary).toMatchObject({ health: 'ok', detail: 'Primary, takes writes.' })
    expect(delayedView(config, primary)).toMatchObject({ state: 'unknown', appliedUpTo: null })
  })

  it('tells the moments that can be reached, and whom it follows', () => {
    const late = judged({ follows: { host: 'db-us-west.test', port: 5432, slot: 'db_us_west_2' } })
    expect(delayedView(config, late)).toMatchObject({ delaySeconds: 60, state: 'in-place', from: 'db-us-west' })
    const { appliedUpTo, receivedUpTo } = delayedView(config, late)
    expect(Date.parse(receivedUpTo ?? '') - Date.parse(appliedUpTo ?? '')).toBeGreaterThan(55_000)
  })
})
