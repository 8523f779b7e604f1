import type { PlanFacts } from '@/server/domain/plan/facts'
import { agentFacts, now, seenBy } from './facts'
import { primaryFacts, steadyFacts } from './steady-facts'

const vantages = ['vantage-a', 'vantage-b']

/** After a failover: us-west writes on timeline 2 since 0/3000100; us-east is back on timeline 1, held down by its guard at boot. */
export function returnedFacts(over: Partial<PlanFacts> = {}): PlanFacts {
  const steady = steadyFacts()
  const writer = primaryFacts({ serverId: 'db-us-west', timeline: 2, replication: [], slots: [] })
  const returned = agentFacts({
    ...{ serverId: 'db-us-east', timeline: 1, receiver: null, follows: null },
    fence: { reason: 'boot-guard', generation: 1, runId: null, at: new Date(now - 5000).toISOString() },
  })
  return {
    ...steady,
    writer: { serverId: 'db-us-west', region: 'us-west', timeline: 2, systemIdentifier: '7001', generation: 1 },
    observations: [
      ...steady.observations.filter((each) => each.kind !== 'agent'),
      ...vantages.flatMap((vantage) => [
        seenBy('agent', 'db-us-west', vantage, true, writer),
        seenBy('agent', 'db-us-east', vantage, true, returned),
      ]),
    ],
    promotions: [
      {
        ...{ runId: 'run-1', incidentId: 'inc-1', fromServerId: 'db-us-east', fromTimeline: 1, toTimeline: 2 },
        ...{ forkLsn: '0/3000100', promotedAt: new Date(now - 600_000).toISOString() },
      },
    ],
    ...over,
  }
}
