import type { AgentObservation } from '../agent-protocol'
import type { Finding } from '../finding'
import { lsnDiffBytes } from '../lsn'
import type { ServerConfig } from '../service-config'
import { type PlanFacts, seen, seenLately, sidesOf } from './facts'
import { blocker, candidateFindings, serviceFindings, trafficFindings, warning } from './failover-findings'
import { heartbeatLagSeconds, streamsTo } from './handover-checks'
import { slotOf } from './rejoin-steps'

/**
 * What stands in the way of planned work: anything that is not calm. Planned work can wait, so what is unknown blocks here, where a failover would
 * only warn.
 */
export function switchoverFindings(facts: PlanFacts, candidate: ServerConfig | null): Finding[] {
  return [
    ...serviceFindings(facts),
    ...incidentFindings(facts),
    ...endpointFindings(facts),
    ...primaryFindings(facts),
    ...candidateFindings(facts, candidate).map(asPlanned),
    ...(candidate ? replicationFindings(facts, candidate) : []),
    ...trafficFindings(facts),
  ]
}

/** The candidate's findings are the same for every promotion; the step that looks again is another. */
const asPlanned = (each: Finding): Finding => ({ ...each, stepId: 'postgres.check-calm' })

function incidentFindings({ incident }: PlanFacts): Finding[] {
  if (!incident) return []
  return [
    blocker(
      'incident.open',
      `Incident ${incident.id} is open: planned work begins from calm.`,
      'Wait until it is closed. If the primary region is lost, use a failover.',
      null,
    ),
  ]
}

function endpointFindings(facts: PlanFacts): Finding[] {
  const { from, to } = sidesOf(facts.config, facts.writer)
  return [from, to].flatMap((region) => {
    const looks = seenLately(facts, 'endpoint', region.id)
    const failing = looks.filter((each) => !each.ok)
    if (looks.length > 0 && failing.length === 0) return []
    const who = failing.map((each) => each.vantage).join(', ')
    return [
      blocker(
        'region.not-healthy',
        looks.length === 0
          ? `${region.name} was not probed lately.`
          : `${region.name} does not answer (seen from ${who}).`,
        region.id === from.id
          ? 'Find out why first. If the region is lost, use a failover.'
          : 'Bring it back to health first: it is to serve everyone.',
        'postgres.check-calm',
        looks[0]?.observedAt ?? null,
      ),
    ]
  })
}

/** What the newest answering look at a server says; null when nobody reached its agent lately. */
function agentNow(facts: PlanFacts, serverId: string): AgentObservation | null {
  return seenLately(facts, 'agent', serverId).find((each) => each.ok)?.facts ?? null
}

function primaryFindings(facts: PlanFacts): Finding[] {
  const { primary } = sidesOf(facts.config, facts.writer)
  const step = 'postgres.check-calm'
  const now = agentNow(facts, primary.id)
  if (!now) {
    const at = seen(facts, 'agent', primary.id)[0]?.observedAt ?? null
    const cure = `Check the agent of ${primary.id}. If its region is lost, use a failover.`
    return [blocker('primary.unreachable', `${primary.id} was not reached lately.`, cure, step, at)]
  }
  const found: Finding[] = []
  if (now.role !== 'primary' || now.fence) {
    const is = now.fence ? `fenced (${now.fence.reason})` : (now.role ?? now.state)
    const cure = 'Let a person look before anything is moved.'
    found.push(
      blocker('primary.not-primary', `${primary.id} is ${is}, not a running primary.`, cure, step, now.observedAt),
    )
  }
  if (now.role === 'primary' && now.acceptsWrites !== true) {
    const cure = 'Wait for its next heartbeat, or find out why it does not commit.'
    found.push(
      blocker('primary.not-writing', `${primary.id} has committed no heartbeat lately.`, cure, step, now.observedAt),
    )
  }
  if (facts.writer && now.timeline !== null && now.timeline !== facts.writer.timeline) {
    const message = `${primary.id} is on timeline ${now.timeline}, Lifeboat knows ${facts.writer.timeline}.`
    found.push(blocker('primary.forked', message, 'Let a person look before anything is moved.', step, now.observedAt))
  }
  return found
}

function replicationFindings(facts: PlanFacts, candidate: ServerConfig): Finding[] {
  const { primary } = sidesOf(facts.config, facts.writer)
  const [upstream, standby] = [agentNow(facts, primary.id), agentNow(facts, candidate.id)]
  if (!upstream || !standby) return []
  const step = 'postgres.check-calm'
  const at = standby.observedAt
  if (!streamsTo(upstream, candidate.id) || standby.receiver?.status !== 'streaming') {
    const cure = 'Repair replication first: a switchover promotes only what has everything.'
    return [blocker('replication.broken', `${candidate.id} does not stream from ${primary.id}.`, cure, step, at)]
  }
  return [...lagFindings(facts, upstream, standby), ...slotFindings(upstream, candidate)]
}

function lagFindings({ config }: PlanFacts, upstream: AgentObservation, standby: AgentObservation): Finding[] {
  const step = 'postgres.check-calm'
  const seconds = heartbeatLagSeconds(upstream, standby)
  if (seconds === null) {
    const message = `How far ${standby.serverId} is behind ${upstream.serverId} is not known.`
    return [
      warning('replication.lag-unknown', message, 'The run looks again and waits for it.', step, standby.observedAt),
    ]
  }
  const bytes =
    upstream.currentLsn && standby.replayedLsn ? Math.max(0, lsnDiffBytes(upstream.currentLsn, standby.replayedLsn)) : 0
  const { lagAlertSeconds } = config.objectives
  const limitBytes = config.policies.switchoverMaxLagBytes
  if (seconds <= lagAlertSeconds && bytes <= limitBytes) return []
  return [
    blocker(
      'replication.lagging',
      `${standby.serverId} is ${seconds.toFixed(1)} s and ${bytes} bytes behind; at most ${lagAlertSeconds} s and ${limitBytes} bytes are allowed.`,
      'Wait until it has caught up: what is missing lengthens the time without writes.',
      step,
      standby.observedAt,
    ),
  ]
}

function slotFindings(upstream: AgentObservation, candidate: ServerConfig): Finding[] {
  const slot = upstream.slots.find((each) => each.name === slotOf(candidate.id))
  if (!slot || slot.walStatus === null || slot.walStatus === 'reserved' || slot.walStatus === 'extended') return []
  const message = `The slot ${slot.name} on ${upstream.serverId} no longer keeps its WAL (${slot.walStatus}).`
  const cure = `If ${candidate.id} is interrupted now it needs a fresh copy; raise max_slot_wal_keep_size.`
  return [warning('replication.slot-at-risk', message, cure, 'postgres.check-calm', upstream.observedAt)]
}
