import type { PlanFacts } from '@/server/domain/plan/facts'
import { agentFacts, lostPrimaryFacts, now, seenBy } from './facts'

const vantages = ['vantage-a', 'vantage-b']
const good = { status: 200, latencyMs: 3, failure: null, address: null, consecutiveFailures: 0 }
const at = (agoMs: number): string => new Date(now - agoMs).toISOString()

/** What the agent beside the primary sees while all is well. */
export function primaryFacts(over: Parameters<typeof agentFacts>[0] = {}) {
  return agentFacts({
    serverId: 'db-us-east',
    role: 'primary',
    acceptsWrites: true,
    standbySignal: false,
    currentLsn: '0/3000148',
    receivedLsn: null,
    replayedLsn: null,
    replayPaused: null,
    receiver: null,
    follows: null,
    heartbeat: { at: at(1000), lsn: '0/3000148', serverId: 'db-us-east' },
    replication: [
      {
        applicationName: 'db-us-west',
        clientAddress: null,
        state: 'streaming',
        syncState: 'async',
        slotName: 'db_us_west',
        sentLsn: '0/3000148',
        writtenLsn: '0/3000148',
        flushedLsn: '0/3000148',
        replayedLsn: '0/3000100',
        lastReplyAt: at(500),
      },
    ],
    slots: [{ name: 'db_us_west', active: true, restartLsn: '0/3000100', walStatus: 'reserved' }],
    ...over,
  })
}

/** Both regions in health: us-east writes, us-west streams from it and stands by. */
export function steadyFacts(over: Partial<PlanFacts> = {}): PlanFacts {
  const regions = ['us-east', 'us-west']
  return {
    ...lostPrimaryFacts(),
    observations: vantages.flatMap((vantage) => [
      ...regions.map((region) => seenBy('endpoint', region, vantage, true, good)),
      seenBy('agent', 'db-us-east', vantage, true, primaryFacts()),
      seenBy('agent', 'db-us-west', vantage, true, agentFacts({})),
      ...regions.map((region) => seenBy('platform', `db-${region}`, vantage, true, { state: 'running', reason: '' })),
      ...regions.map((region) =>
        seenBy('workload', region, vantage, true, {
          desired: region === 'us-east' ? 10 : 5,
          ready: region === 'us-east' ? 10 : 5,
          settled: true,
          writer: 'db-us-east',
          failure: null,
        }),
      ),
      ...regions.map((region) => seenBy('cache', region, vantage, true, { latencyMs: 1 })),
    ]),
    incident: null,
    ...over,
  }
}
