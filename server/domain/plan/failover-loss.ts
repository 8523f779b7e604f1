import { compareLsn, furthestLsn, lsnDiffBytes } from '../lsn'
import type { ServerConfig } from '../service-config'
import { lastKnown, type PlanFacts, seen, sidesOf } from './facts'
import type { LossStatement } from './types'

/**
 * What a failover would lose, as far as can be known from outside the lost server: its last known position against what
 * the candidate has. A standby cannot know that it is behind, so the candidate's own view never makes this zero.
 */
export function statementOfLoss(facts: PlanFacts, candidate: ServerConfig | null): LossStatement {
  const { primary } = sidesOf(facts.config, facts.writer)
  const last = lastKnown(facts, 'agent', primary.id)
  const primaryLsn = furthestLsn(facts.incident?.primaryLsn, last?.facts.currentLsn)
  const primaryLsnAt =
    primaryLsn === last?.facts.currentLsn ? (last?.observedAt ?? null) : (facts.incident?.primaryLsnAt ?? null)
  const standby = candidate ? lastKnown(facts, 'agent', candidate.id) : null
  const candidateLsn = furthestLsn(standby?.facts.receivedLsn, standby?.facts.replayedLsn)
  const base = { primaryLsn, primaryLsnAt, candidateLsn, candidateLsnAt: standby?.observedAt ?? null }
  if (!primaryLsn || !candidateLsn) {
    return {
      ...base,
      certainty: 'unknown',
      bytes: null,
      seconds: null,
      beyond: 'A position was never seen, so nothing can be said about what is lost.',
    }
  }
  const bytes = Math.max(0, lsnDiffBytes(primaryLsn, candidateLsn))
  return {
    ...base,
    certainty: 'bounded',
    bytes,
    seconds: heartbeatGapSeconds(facts, primary.id, candidate?.id ?? '', bytes),
    beyond: primaryLsnAt
      ? `What was written after ${primaryLsnAt}, when the primary was last seen, comes on top and is not known.`
      : 'When the primary was last seen is not known.',
  }
}

/** Seconds between the newest heartbeat on each side: what the missing WAL means in time. Zero bytes missing is zero seconds. */
function heartbeatGapSeconds(facts: PlanFacts, primaryId: string, candidateId: string, bytes: number): number | null {
  if (bytes === 0) return 0
  const primary = lastKnown(facts, 'agent', primaryId)?.facts.heartbeat
  const candidate = lastKnown(facts, 'agent', candidateId)?.facts.heartbeat
  if (!primary || !candidate) return null
  return Math.max(0, (Date.parse(primary.at) - Date.parse(candidate.at)) / 1000)
}

/** The standby of the surviving region that has the most: never chosen by name. null when none was ever seen as a standby. */
export function chooseCandidate(facts: PlanFacts): ServerConfig | null {
  const { to } = sidesOf(facts.config, facts.writer)
  // A delayed standby has received as much, and still is none: it is held behind on purpose.
  const known = to.servers.flatMap((server) => {
    if (server.role === 'delayed') return []
    const last = seen(facts, 'agent', server.id).find((each) => each.facts !== null)?.facts
    const has = furthestLsn(last?.receivedLsn, last?.replayedLsn)
    return last && last.role === 'standby' && has ? [{ server, has }] : []
  })
  known.sort((a, b) => compareLsn(b.has, a.has))
  return known[0]?.server ?? null
}
