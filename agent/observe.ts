import { statfs } from 'node:fs/promises'
import type { AgentObservation } from '@/server/domain/agent-protocol'
import type { Host } from './host'
import { observationSql, parseFacts, type SqlFacts } from './observation-query'
import { monotonicMs } from './poll'
import type { Pulse } from './pulse'
import { sqlState, withSession } from './session'
import { agentVersion } from './version'

/** For connecting and for the query, each. An observation is worth more soon than complete. */
const askTimeoutMs = 700
/** SQLSTATE cannot_connect_now: the server is starting, recovering or shutting down. */
const cannotConnectNow = '57P03'

type Asked = { state: AgentObservation['state']; facts: SqlFacts | null }

/** Opens a new session, as a client would: a held one alone would call a frozen postmaster healthy. */
async function ask(host: Host, pulse: Pulse): Promise<Asked> {
  if (!host.postmaster.isRunning) return { state: 'stopped', facts: null }
  try {
    const rows = await withSession(host.monitor('lifeboat-observe'), askTimeoutMs, async (client) => {
      return (await client.query(observationSql)).rows
    })
    return { state: 'running', facts: parseFacts(rows) }
  } catch (error) {
    if (!host.postmaster.isRunning) return { state: 'stopped', facts: null }
    const starting = host.postmaster.status() === 'starting'
    if (starting && (sqlState(error) === cannotConnectNow || isConnectionRefused(error))) {
      return { state: 'starting', facts: null }
    }
    host.log.warn({ error: error instanceof Error ? error.message : 'unknown' }, 'PostgreSQL lets no new session in')
    return { state: 'unresponsive', facts: await pulse.heldFacts() }
  }
}

function isConnectionRefused(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED'
}

/** Wall-clock time of a moment on the monotonic clock. */
function instantOf(monotonic: number | null, now: number): string | null {
  return monotonic === null ? null : new Date(Date.now() - (now - monotonic)).toISOString()
}

function acceptsWrites(asked: Asked, pulse: Pulse): boolean | null {
  if (asked.state === 'stopped') return false
  if (asked.facts?.inRecovery) return false
  return pulse.committedRecently ? true : null
}

function observeSight(host: Host, mayBePrimary: boolean, now: number): AgentObservation['sight'] {
  const { sight, config } = host
  return {
    controlSeenAt: instantOf(sight.controlSeenAt, now),
    standbySeenAt: instantOf(sight.standbySeenAt, now),
    selfFenceAfterMs: config.selfFenceAfterMs,
    selfFenceAt: mayBePrimary ? instantOf(sight.selfFenceAt, now) : null,
  }
}

/** Of the file system that the data directory is on; null when it cannot be read. */
async function diskOf(host: Host): Promise<AgentObservation['disk']> {
  try {
    const { blocks, bavail, bsize } = await statfs(host.directory.path)
    return { totalBytes: blocks * bsize, freeBytes: bavail * bsize }
  } catch {
    return null
  }
}

/** What is so now. Takes no lock, waits for no operation, ends within about two seconds whatever PostgreSQL does. */
export async function observe(host: Host, pulse: Pulse, echo?: string): Promise<AgentObservation> {
  if (echo !== undefined) host.sight.echo(echo)
  const [asked, control, disk] = await Promise.all([ask(host, pulse), host.controlFile.read(), diskOf(host)])
  const { facts } = asked
  const state = host.state.current
  const now = monotonicMs()
  const ownTimeline = Math.max(facts?.timeline ?? 0, facts?.inRecovery ? (state.writableTimeline ?? 0) : 0)
  return {
    serverId: host.config.serverId,
    observedAt: new Date().toISOString(),
    bootId: host.bootId,
    agentVersion,
    state: asked.state,
    role: facts ? (facts.inRecovery ? 'standby' : 'primary') : null,
    systemIdentifier: control?.systemIdentifier ?? null,
    timeline: facts ? ownTimeline : null,
    postgresVersion: facts?.version ?? null,
    acceptsWrites: acceptsWrites(asked, pulse),
    standbySignal: host.directory.hasStandbySignal,
    fence: state.fence,
    control: control?.control ?? null,
    currentLsn: facts?.currentLsn ?? null,
    receivedLsn: facts?.receivedLsn ?? null,
    replayedLsn: facts?.replayedLsn ?? null,
    replayPaused: facts?.replayPaused ?? null,
    lastReplayedXactAt: facts?.lastReplayedXactAt ?? null,
    applyDelayMs: host.config.applyDelayMs,
    replay: state.replay,
    receiver: facts?.receiver ?? null,
    follows: state.follows,
    replication: facts?.replication ?? [],
    slots: facts?.slots ?? [],
    heartbeat: facts?.heartbeat ?? null,
    newestGeneration: state.newestGeneration,
    sight: observeSight(host, asked.state !== 'stopped' && facts?.inRecovery !== true, now),
    changes: facts?.changes ?? null,
    disk,
    nonce: host.sight.issueNonce(now),
  }
}
