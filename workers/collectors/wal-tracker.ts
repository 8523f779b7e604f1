import type { AgentObservation } from '@/server/domain/agent-protocol'
import { furthestLsn, lsnDiffBytes } from '@/server/domain/lsn'
import type { WalSighting } from '@/server/services/observations/record'

type Seen = { facts: AgentObservation; askedAtMs: number }

/**
 * Turns what the agents of one service say into WAL positions with lag. Lag is the primary's current position less the standby's replayed one, and the
 * time between their newest heartbeats; both are unknown when the primary was not seen at about the same time, since a broken link is not zero.
 */
export function createWalTracker(service: string, sameTimeMs: number) {
  const newest = new Map<string, Seen>()
  return {
    /** @returns the position to keep; null when the server said none. */
    take(serverId: string, facts: AgentObservation, askedAtMs: number): WalSighting | null {
      newest.set(serverId, { facts, askedAtMs })
      const lsn = positionOf(facts)
      if (facts.role === null || facts.timeline === null || lsn === null) return null
      const primary = facts.role === 'standby' ? newestPrimary(newest, askedAtMs, sameTimeMs) : null
      return {
        service,
        serverId,
        role: facts.role,
        timeline: facts.timeline,
        lsn,
        heartbeatAt: facts.heartbeat?.at ?? null,
        lagBytes: primary ? lagBytes(primary, facts) : null,
        lagMs: primary ? lagMs(primary, facts) : null,
        observedAt: new Date(askedAtMs).toISOString(),
      }
    },
  }
}

function positionOf(facts: AgentObservation): string | null {
  return facts.role === 'primary' ? facts.currentLsn : furthestLsn(facts.receivedLsn, facts.replayedLsn)
}

function newestPrimary(newest: ReadonlyMap<string, Seen>, askedAtMs: number, sameTimeMs: number) {
  const primaries = [...newest.values()].filter(
    (each) => each.facts.role === 'primary' && Math.abs(askedAtMs - each.askedAtMs) <= sameTimeMs,
  )
  // With two primaries there is no lag to speak of.
  return primaries.length === 1 ? (primaries[0]?.facts ?? null) : null
}

/** The two are asked a moment apart: a standby that seems ahead has caught up. */
function lagBytes(primary: AgentObservation, standby: AgentObservation): number | null {
  if (!primary.currentLsn || !standby.replayedLsn) return null
  return Math.max(0, lsnDiffBytes(primary.currentLsn, standby.replayedLsn))
}

function lagMs(primary: AgentObservation, standby: AgentObservation): number | null {
  if (!primary.heartbeat || !standby.heartbeat) return null
  return Math.max(0, Date.parse(primary.heartbeat.at) - Date.parse(standby.heartbeat.at))
}
