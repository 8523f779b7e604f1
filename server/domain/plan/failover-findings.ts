import type { Finding } from '../finding'
import type { ServerConfig } from '../service-config'
import { lastKnown, type PlanFacts, seen, seenLately, sidesOf } from './facts'
import type { LossStatement } from './types'

export type FenceMethod = 'agent' | 'platform' | 'self-fence'

/** `assume: 'primary-lost'`: the question is "could we", so what only a real outage shows is left out. */
export function isRehearsal(facts: PlanFacts): boolean {
  return facts.inputs.assume === 'primary-lost'
}

/**
 * How the old primary can be fenced *with a proof*. Its agent first, while every fresh vantage point reaches it: a fast stop
 * ships the last WAL, so it loses least. Then the platform. Then time, if an isolated primary is known to stop itself.
 */
export function fenceMethod(facts: PlanFacts): FenceMethod | null {
  const { primary } = sidesOf(facts.config, facts.writer)
  const agents = seenLately(facts, 'agent', primary.id)
  const since = outageBeganMs(facts)
  const answers = agents.every((each) => each.ok && Date.parse(each.observedAt) >= since)
  const agentAnswers = agents.length > 0 && answers && !isRehearsal(facts)
  if (agentAnswers) return 'agent'
  const platformAnswers = seenLately(facts, 'platform', primary.id).some((each) => each.ok)
  if (facts.config.platform && primary.platformHostId && platformAnswers) return 'platform'
  if (facts.config.policies.acceptSelfFence && lastHeardAt(facts)) return 'self-fence'
  return null
}

/**
 * When the region's endpoint first failed, as near as its probes tell: an agent that answered before that may have died with it. Probes keep their interval to a few
 * per cent, hence the tenth on top. 0 when nothing fails: then any fresh answer counts.
 */
function outageBeganMs(facts: PlanFacts): number {
  const { from } = sidesOf(facts.config, facts.writer)
  const failing = seenLately(facts, 'endpoint', from.id).filter((each) => !each.ok)
  const began = failing.map(({ observedAt, intervalMs, facts: look }) => {
    const before = Math.max(0, (look?.consecutiveFailures ?? 1) - 1)
    return Date.parse(observedAt) - (before - 0.1) * intervalMs
  })
  return began.length > 0 ? Math.min(...began) : 0
}

/** When any vantage point last had an answer from the old primary's agent. */
export function lastHeardAt(facts: PlanFacts): string | null {
  const { primary } = sidesOf(facts.config, facts.writer)
  return lastKnown(facts, 'agent', primary.id)?.observedAt ?? null
}

export function failoverFindings(facts: PlanFacts, candidate: ServerConfig | null, loss: LossStatement): Finding[] {
  return [
    ...serviceFindings(facts),
    ...(isRehearsal(facts) ? [] : outageFindings(facts)),
    ...fenceFindings(facts),
    ...candidateFindings(facts, candidate),
    ...lossFindings(facts, candidate, loss),
    ...trafficFindings(facts),
  ]
}

export function blocker(
  code: string,
  message: string,
  remedy: string,
  stepId: string | null,
  observedAt: string | null = null,
): Finding {
  return { code, severity: 'blocker', message, remedy, stepId, observedAt }
}

export function warning(
  code: string,
  message: string,
  remedy: string,
  stepId: string | null,
  observedAt: string | null = null,
): Finding {
  return { code, severity: 'warning', message, remedy, stepId, observedAt }
}

export function serviceFindings(facts: PlanFacts): Finding[] {
  const found: Finding[] = []
  if (!facts.writer) {
    found.push(
      blocker(
        'service.writer-unknown',
        'No primary of this service was ever seen.',
        'Wait until a worker has reached the primary, or check its agent.',
        null,
      ),
    )
  }
  if (facts.activeRun) {
    found.push(
      blocker(
        'run.already-active',
        `Run ${facts.activeRun.id} (${facts.activeRun.kind}) holds this service and is ${facts.activeRun.state}.`,
        'Let it finish, or abort it.',
        null,
      ),
    )
  }
  return found
}

function outageFindings(facts: PlanFacts): Finding[] {
  const { from } = sidesOf(facts.config, facts.writer)
  const fresh = seenLately(facts, 'endpoint', from.id)
  const failing = fresh.filter((each) => !each.ok)
  const answering = fresh.filter((each) => each.ok)
  const { quorum } = facts.config.probes
  if (answering.length > 0 && failing.length < quorum) {
    const who = answering.map((each) => each.vantage).join(', ')
    return [
      blocker(
        'outage.primary-answers',
        `${from.name} answers (seen from ${who}).`,
        'Use a switchover, which loses nothing, or look again when the region fails.',
        'service.confirm-outage',
        answering[0]?.observedAt ?? null,
      ),
    ]
  }
  if (failing.length < quorum) {
    return [
      blocker(
        'outage.not-confirmed',
        `${failing.length} of ${quorum} vantage points see ${from.name} failing.`,
        'Wait for the next probes, or check that the workers run.',
        'service.confirm-outage',
        failing[0]?.observedAt ?? null,
      ),
    ]
  }
  return []
}

function fenceFindings(facts: PlanFacts): Finding[] {
  const { primary, from } = sidesOf(facts.config, facts.writer)
  const method = fenceMethod(facts)
  if (method === null) {
    return [
      blocker(
        'fencing.not-provable',
        `${primary.id} cannot be proved to have stopped: its agent does not answer, no platform says what state its machine is in, and it is not known to stop itself when isolated.`,
        `Reach the agent or the platform of ${from.name}. Only break-glass passes without a proof, and risks two writable primaries.`,
        'postgres.verify-fence',
        lastHeardAt(facts),
      ),
    ]
  }
  if (method !== 'self-fence') return []
  const seconds = Math.round(facts.config.policies.selfFenceMs / 1000)
  return [
    warning(
      'fencing.by-time',
      `Neither agent nor platform of ${from.name} answers: the proof will be that ${primary.id} has been isolated for ${seconds} s, after which its agent stops it.`,
      'Reach the platform for a proof that does not lean on the lost machine.',
      'agent.await-self-fence',
      lastHeardAt(facts),
    ),
  ]
}

export function candidateFindings(facts: PlanFacts, candidate: ServerConfig | null): Finding[] {
  const { to } = sidesOf(facts.config, facts.writer)
  const stepId = 'postgres.freeze-loss-statement'
  if (!candidate) {
    return [
      blocker(
        'candidate.none',
        `No server of ${to.name} was seen as a standby.`,
        'Check the agents there; build a standby before anything else.',
        stepId,
      ),
    ]
  }
  const now = seenLately(facts, 'agent', candidate.id).find((each) => each.ok)?.facts
  if (!now) {
    return [
      blocker(
        'candidate.unreachable',
        `${candidate.id} was not reached lately.`,
        `Check the agent of ${candidate.id} and the links to ${to.name}.`,
        stepId,
        seen(facts, 'agent', candidate.id)[0]?.observedAt ?? null,
      ),
    ]
  }
  const found: Finding[] = []
  const at = now.observedAt
  if (now.state !== 'running')
    found.push(
      blocker(
        'candidate.not-running',
        `PostgreSQL on ${candidate.id} is ${now.state}.`,
        'Start it through its agent.',
        stepId,
        at,
      ),
    )
  if (now.role === 'primary')
    found.push(
      blocker(
        'candidate.already-primary',
        `${candidate.id} already runs as a primary.`,
        'Two primaries need a person: fence one before anything else.',
        stepId,
        at,
      ),
    )
  if (facts.writer && now.systemIdentifier !== facts.writer.systemIdentifier) {
    found.push(
      blocker(
        'candidate.foreign',
        `${candidate.id} is not a copy of this database: its system identifier is ${now.systemIdentifier ?? 'unknown'}.`,
        'Rebuild it from the primary.',
        stepId,
        at,
      ),
    )
  }
  if (facts.writer && now.timeline !== null && now.timeline !== facts.writer.timeline) {
    found.push(
      blocker(
        'candidate.forked',
        `${candidate.id} is on timeline ${now.timeline}, the primary on ${facts.writer.timeline}.`,
        'Rebuild or rewind it.',
        stepId,
        at,
      ),
    )
  }
  if (now.replayPaused)
    found.push(
      blocker(
        'candidate.replay-paused',
        `Replay is paused on ${candidate.id}.`,
        'Resume it with pg_wal_replay_resume().',
        stepId,
        at,
      ),
    )
  if (now.fence && now.fence.reason !== 'boot-guard')
    found.push(
      blocker('candidate.fenced', `${candidate.id} is fenced (${now.fence.reason}).`, 'Rejoin it first.', stepId, at),
    )
  return found
}

function lossFindings(facts: PlanFacts, candidate: ServerConfig | null, loss: LossStatement): Finding[] {
  const found: Finding[] = []
  const { rpoSeconds } = facts.config.objectives
  if (loss.certainty === 'unknown') {
    found.push(
      warning(
        'loss.unknown',
        'How much would be lost is not known.',
        'Look for the last position of the primary before you approve.',
        null,
      ),
    )
  } else if (loss.seconds !== null && loss.seconds > rpoSeconds) {
    found.push(
      warning(
        'loss.beyond-objective',
        `The candidate is ${Math.round(loss.seconds)} s behind; the objective is ${rpoSeconds} s.`,
        'Approve only if that loss is accepted.',
        null,
        loss.candidateLsnAt,
      ),
    )
  }
  const standby = candidate ? lastKnown(facts, 'agent', candidate.id) : null
  const streaming = standby?.facts.receiver?.status === 'streaming'
  if (candidate && isRehearsal(facts) && standby && !streaming) {
    found.push(
      blocker(
        'replication.broken',
        `${candidate.id} is not receiving from the primary.`,
        'Repair replication: until then a failover loses everything written since it broke.',
        null,
        standby.observedAt,
      ),
    )
  }
  return found
}

export function trafficFindings(facts: PlanFacts): Finding[] {
  const { config } = facts
  const { to } = sidesOf(config, facts.writer)
  const found: Finding[] = []
  if (config.dns.redirect.method === 'record') {
    found.push(
      warning(
        'dns.record-api',
        'Traffic is turned by editing records: that API lives in one region, and may be away together with it.',
        'Prepare a health switch (dns.redirect.method: health-switch).',
        'dns.edit-records',
      ),
    )
  }
  if (config.dns.ttlSeconds > config.objectives.rtoSeconds / 2) {
    found.push(
      warning(
        'dns.ttl-too-long',
        `Answers are kept for ${config.dns.ttlSeconds} s; the whole recovery may take ${config.objectives.rtoSeconds} s.`,
        'Lower the TTL.',
        'dns.await-resolvers',
      ),
    )
  }
  const workload = seenLately(facts, 'workload', to.id).find((each) => each.ok)?.facts
  if (!workload) {
    found.push(
      warning(
        'workload.unknown',
        `How many instances run in ${to.name} was not seen lately.`,
        `Check the cluster of ${to.name}.`,
        'workload.point-at-primary',
        seen(facts, 'workload', to.id)[0]?.observedAt ?? null,
      ),
    )
  } else if (workload.ready === 0) {
    found.push(
      warning(
        'workload.none-ready',
        `No instance is ready in ${to.name}.`,
        `Check the cluster of ${to.name}.`,
        'workload.point-at-primary',
      ),
    )
  }
  if (to.cache && !seenLately(facts, 'cache', to.id).some((each) => each.ok)) {
    found.push(
      warning(
        'cache.unknown',
        `The cache of ${to.name} was not reached lately; it would start cold.`,
        `Check Redis in ${to.name}; the step can be skipped.`,
        'cache.prewarm',
      ),
    )
  }
  return found
}
