import type { AgentObservation } from '../agent-protocol'
import type { Observation } from '../observation'

/** Builders of observations for the tests of this folder. `t(5)` is five seconds after the fixed beginning. */
export const beginMs = Date.parse('2026-01-01T00:00:00.000Z')
export const t = (seconds: number): string => new Date(beginMs + seconds * 1000).toISOString()

const base: AgentObservation = {
  serverId: 'db-east-1',
  observedAt: t(0),
  bootId: 'boot',
  agentVersion: '1',
  state: 'running',
  role: 'primary',
  systemIdentifier: '7',
  timeline: 1,
  postgresVersion: '15.1',
  acceptsWrites: true,
  standbySignal: false,
  fence: null,
  control: null,
  currentLsn: '0/3000000',
  receivedLsn: null,
  replayedLsn: null,
  replayPaused: null,
  receiver: null,
  follows: null,
  replication: [],
  slots: [],
  heartbeat: { at: t(0), lsn: '0/3000000', serverId: 'db-east-1' },
  newestGeneration: 3,
  sight: { controlSeenAt: null, standbySeenAt: null, selfFenceAfterMs: 30_000, selfFenceAt: null },
  nonce: 'n',
}

export function primaryFacts(change: Partial<AgentObservation> = {}): AgentObservation {
  return { ...base, ...change }
}

export function standbyFacts(change: Partial<AgentObservation> = {}): AgentObservation {
  return {
    ...base,
    serverId: 'db-west-1',
    role: 'standby',
    acceptsWrites: false,
    standbySignal: true,
    currentLsn: null,
    receivedLsn: '0/3000000',
    replayedLsn: '0/3000000',
    replayPaused: false,
    receiver: {
      status: 'streaming',
      senderHost: 'db-east-1',
      senderPort: 5432,
      lastMessageAt: t(0),
      latestEndLsn: null,
    },
    follows: { host: 'db-east-1', port: 5432, slot: 'west' },
    ...change,
  }
}

type Looked = { vantage?: string; atSeconds?: number; intervalMs?: number }

export function agentSeen(facts: AgentObservation, looked: Looked = {}): Observation<'agent'> {
  return { ...head(looked), kind: 'agent', subject: facts.serverId, ok: true, failure: null, facts }
}

export function agentDeaf(serverId: string, looked: Looked = {}): Observation<'agent'> {
  return { ...head(looked), kind: 'agent', subject: serverId, ok: false, failure: 'no answer in 1 s', facts: null }
}

export function platformSeen(state: string, looked: Looked = {}): Observation<'platform'> {
  const facts = { state, reason: 'asked' }
  return { ...head(looked), kind: 'platform', subject: 'db-east-1', ok: true, failure: null, facts }
}

export function publicSeen(ok: boolean, failures: number, looked: Looked = {}): Observation<'public'> {
  const failure = ok ? null : 'connection refused'
  const facts = { status: ok ? 200 : null, latencyMs: 4, failure, address: null, consecutiveFailures: failures }
  return { ...head(looked), kind: 'public', subject: 'go.lab', ok, failure, facts }
}

function head(looked: Looked) {
  const { vantage = 'vantage-a', atSeconds = 0, intervalMs = 1000 } = looked
  return { service: 'shortener', vantage, observedAt: t(atSeconds), intervalMs }
}
