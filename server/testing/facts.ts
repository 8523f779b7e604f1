import type { AgentObservation } from '@/server/domain/agent-protocol'
import type { Observation, ObservationKind } from '@/server/domain/observation'
import type { PlanFacts } from '@/server/domain/plan/facts'
import { type ServiceConfig, serviceConfig } from '@/server/domain/service-config'

/** Builders of facts for tests of the planner and what leans on it: a healthy two-region service, and ways to break it. */
export const now = Date.parse('2026-11-22T03:00:00.000Z')
const at = (agoMs: number): string => new Date(now - agoMs).toISOString()

export function testConfig(): ServiceConfig {
  const region = (id: string, n: number, initialRole: 'primary' | 'standby') => ({
    id,
    name: id === 'us-east' ? 'US East' : 'US West',
    initialRole,
    endpointUrl: `http://endpoint-${id}.test:18080`,
    answers: [`127.1.${n}.10`],
    servers: [
      {
        id: `db-${id}`,
        host: `db-${id}.test`,
        port: 5432,
        agentUrl: `http://db-${id}.test:15433`,
        platformHostId: `host-${id}`,
      },
    ],
    cache: { host: `cache-${id}.test`, port: 6379 },
    workload: {
      kind: 'kubernetes',
      apiUrl: `http://cluster-${id}.test`,
      tokenRef: 'env:TOKEN',
      deployment: 'shortener',
    },
  })
  return serviceConfig.parse({
    id: 'shortener',
    name: 'URL shortener',
    regions: [region('us-east', 1, 'primary'), region('us-west', 2, 'standby')],
    database: { name: 'shortener', passwordRef: 'env:PASSWORD', agentTokenRef: 'env:AGENT' },
    platform: { url: 'http://platform.test', tokenRef: 'env:PLATFORM' },
    dns: { name: 'go.test', zoneId: 'Z1', resolvers: ['127.1.0.1:53'], route53: {}, redirect: { method: 'record' } },
    probes: { intervalMs: 1000, timeoutMs: 500 },
    prewarm: { query: 'SELECT key, value FROM hot LIMIT $1' },
  })
}

export function agentFacts(over: Partial<AgentObservation>): AgentObservation {
  return {
    serverId: 'db-us-west',
    observedAt: at(400),
    bootId: 'boot',
    agentVersion: '1',
    state: 'running',
    role: 'standby',
    systemIdentifier: '7001',
    timeline: 1,
    postgresVersion: '15.0',
    acceptsWrites: false,
    standbySignal: true,
    fence: null,
    control: null,
    currentLsn: null,
    receivedLsn: '0/3000100',
    replayedLsn: '0/3000100',
    replayPaused: false,
    receiver: {
      status: 'streaming',
      senderHost: 'db-us-east',
      senderPort: 5432,
      lastMessageAt: at(500),
      latestEndLsn: '0/3000100',
    },
    follows: { host: 'db-us-east', port: 5432, slot: 'us_west' },
    replication: [],
    slots: [],
    heartbeat: { at: at(1500), lsn: '0/3000100', serverId: 'db-us-east' },
    newestGeneration: 0,
    sight: { controlSeenAt: at(400), standbySeenAt: null, selfFenceAfterMs: 30_000, selfFenceAt: null },
    nonce: 'n',
    ...over,
  }
}

export function seenBy<K extends ObservationKind>(
  kind: K,
  subject: string,
  vantage: string,
  ok: boolean,
  facts: Observation<K>['facts'],
  agoMs = 400,
): Observation<K> {
  return {
    service: 'shortener',
    kind,
    subject,
    vantage,
    ok,
    failure: ok ? null : 'no answer',
    observedAt: at(agoMs),
    intervalMs: 1000,
    facts,
  }
}

const vantages = ['vantage-a', 'vantage-b']
const probe = (ok: boolean) => ({
  status: ok ? 200 : null,
  latencyMs: 3,
  failure: ok ? null : 'no answer',
  address: null,
  consecutiveFailures: ok ? 0 : 3,
})

/** us-east was primary and answers nobody any more; us-west streams from it until then. */
export function lostPrimaryFacts(over: Partial<PlanFacts> = {}): PlanFacts {
  const lastSeen = agentFacts({
    serverId: 'db-us-east',
    role: 'primary',
    currentLsn: '0/3000148',
    receivedLsn: null,
    replayedLsn: null,
    receiver: null,
    heartbeat: { at: at(1000), lsn: '0/3000148', serverId: 'db-us-east' },
  })
  return {
    config: testConfig(),
    configDigest: 'c'.repeat(64),
    writer: { serverId: 'db-us-east', region: 'us-east', timeline: 1, systemIdentifier: '7001', generation: 0 },
    observations: [
      ...vantages.flatMap((vantage) => [
        seenBy('endpoint', 'us-east', vantage, false, probe(false)),
        seenBy('endpoint', 'us-west', vantage, true, probe(true)),
        seenBy('agent', 'db-us-west', vantage, true, agentFacts({})),
        seenBy('agent', 'db-us-east', vantage, false, lastSeen),
        seenBy('platform', 'db-us-east', vantage, true, { state: 'stopped', reason: 'killed' }),
        seenBy('workload', 'us-west', vantage, true, {
          desired: 5,
          ready: 5,
          settled: true,
          writer: 'db-us-east',
          failure: null,
        }),
        seenBy('cache', 'us-west', vantage, true, { latencyMs: 1 }),
      ]),
    ],
    incident: { id: 'inc-1', lastGoodAt: at(3000), primaryLsn: '0/3000140', primaryLsnAt: at(3000) },
    activeRun: null,
    nowMs: now,
    inputs: {},
    describe: (stepId) => ({
      title: stepId,
      description: stepId,
      commands: [],
      changes: null,
      reversible: stepId !== 'postgres.promote-candidate',
      undo: 'none',
      pointOfNoReturn: stepId === 'postgres.promote-candidate',
      skippable: stepId === 'cache.prewarm',
      deadlineMs: 1000,
      maxAttempts: 3,
    }),
    mayBreakGlass: false,
    ...over,
  }
}
