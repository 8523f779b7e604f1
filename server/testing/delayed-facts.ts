import type { AgentObservation } from '@/server/domain/agent-protocol'
import type { PlanFacts } from '@/server/domain/plan/facts'
import { agentFacts, lostPrimaryFacts, now, seenBy } from './facts'

const iso = (agoMs: number): string => new Date(now - agoMs).toISOString()
const vantages = ['vantage-a', 'vantage-b']

/** A restore to twenty seconds ago, which the standby that is held a minute behind has not applied yet. */
export const delayedInputs = { source: 'delayed-standby', at: iso(20_000), acceptLossAfter: true }

/** us-east writes, us-west follows, and beside it a standby that is held a minute behind. */
export function delayedFacts(late: Partial<AgentObservation> = {}, over: Partial<PlanFacts> = {}): PlanFacts {
  const base = lostPrimaryFacts()
  const config = structuredClone(base.config)
  config.regions[1]?.servers.push({
    id: 'db-us-west-2',
    host: 'db-us-west-2.test',
    port: 5432,
    agentUrl: 'http://db-us-west-2.test:15433',
    platformHostId: 'host-us-west-2',
    role: 'delayed',
    delaySeconds: 60,
  })
  const primary = agentFacts({
    serverId: 'db-us-east',
    role: 'primary',
    currentLsn: '0/3000900',
    receivedLsn: null,
    replayedLsn: null,
    receiver: null,
  })
  const delayed = agentFacts({
    serverId: 'db-us-west-2',
    receivedLsn: '0/3000900',
    replayedLsn: '0/3000100',
    lastReplayedXactAt: iso(60_400),
    heartbeat: { at: iso(60_900), lsn: '0/3000100', serverId: 'db-us-east' },
    applyDelayMs: 60_000,
    replay: null,
    ...late,
  })
  const kept = base.observations.filter((each) => each.subject !== 'db-us-east' || each.kind !== 'agent')
  return {
    ...base,
    config,
    incident: null,
    inputs: delayedInputs,
    observations: [
      ...kept,
      ...vantages.flatMap((vantage) => [
        seenBy('agent', 'db-us-east', vantage, true, primary),
        seenBy('agent', 'db-us-west-2', vantage, true, delayed),
      ]),
    ],
    ...over,
  }
}
