import { describe, expect, it } from 'vitest'
import { agentFacts, lostPrimaryFacts, seenBy } from '@/server/testing/facts'
import { fenceMethod } from './failover-findings'

const facts = lostPrimaryFacts()
const agentAnswers = (agoMs: number) => ({
  ...facts,
  observations: [
    ...facts.observations.filter((each) => each.kind !== 'agent' || each.subject !== 'db-us-east'),
    ...['vantage-a', 'vantage-b'].map((vantage) =>
      seenBy('agent', 'db-us-east', vantage, true, agentFacts({ serverId: 'db-us-east', role: 'primary' }), agoMs),
    ),
  ],
})

describe('how the old primary is fenced', () => {
  // Each endpoint has failed three times, a second apart, and last 400 ms ago: the first failure was 2.4 s ago.
  it('is through its agent while that answers since the region’s endpoint began to fail', () => {
    expect(fenceMethod(agentAnswers(400))).toBe('agent')
  })

  it('is through the platform when the agent’s last answer is fresh, but from before the outage', () => {
    const before = agentAnswers(2_450)
    const slowly = {
      ...before,
      observations: before.observations.map((each) => ({
        ...each,
        intervalMs: each.kind === 'agent' ? 5_000 : each.intervalMs,
      })),
    }
    expect(fenceMethod(slowly)).toBe('platform')
  })
})
