import type { AgentObservation } from '../agent-protocol'
import { appliedUpTo, type DelayedServer, delayedServers, judgeDelayed, receivedUpTo, spanText } from '../delayed'
import type { Finding } from '../finding'
import { lastKnown, type PlanFacts, seen, seenLately, sidesOf } from './facts'
import { blocker, fenceMethod, serviceFindings, trafficFindings, warning } from './failover-findings'
import type { RollForwardRequest } from './roll-forward-steps'

const holdStep = 'agent.hold-replay'

/** The delayed standby that is meant: the one that was named, or the only one. */
export function chosenDelayed({ config }: PlanFacts, request: RollForwardRequest): DelayedServer | null {
  const all = delayedServers(config)
  if (request.serverId !== undefined) return all.find(({ server }) => server.id === request.serverId) ?? null
  return all.length === 1 ? (all[0] ?? null) : null
}

/** How the old primary can be fenced here. Time alone is no way: a primary that went wrong is not isolated, and goes on. */
export function restoreFenceMethod(facts: PlanFacts): 'agent' | 'platform' | null {
  const method = fenceMethod(facts)
  return method === 'self-fence' ? null : method
}

export function rollForwardFindings(facts: PlanFacts, request: RollForwardRequest, chosen: DelayedServer | null) {
  return [
    ...serviceFindings(facts),
    ...(chosen ? serverFindings(facts, request, chosen) : noneFindings(facts, request)),
    ...fenceFindings(facts),
    ...acceptFindings(facts, request),
    ...(chosen ? otherStandbyFindings(facts, chosen) : []),
    ...trafficFindings(facts),
  ]
}

function noneFindings({ config }: PlanFacts, { serverId }: RollForwardRequest): Finding[] {
  const ids = delayedServers(config).map(({ server }) => server.id)
  const message =
    ids.length === 0
      ? 'This service has no delayed standby.'
      : serverId === undefined
        ? `This service has several delayed standbys: ${ids.join(', ')}.`
        : `${serverId} is no delayed standby of this service; it has ${ids.join(', ')}.`
  const remedy = ids.length === 0 ? 'Restore from a backup instead.' : 'Name one of them as serverId.'
  return [blocker('delayed.none', message, remedy, holdStep)]
}

function serverFindings(facts: PlanFacts, request: RollForwardRequest, chosen: DelayedServer): Finding[] {
  const { id } = chosen.server
  const now = seenLately(facts, 'agent', id).find((each) => each.ok)?.facts
  if (!now) {
    const at = seen(facts, 'agent', id)[0]?.observedAt ?? null
    return [blocker('delayed.unreachable', `${id} was not reached lately.`, `Check the agent of ${id}.`, holdStep, at)]
  }
  return [...stateFindings(facts, chosen, now), ...momentFindings(facts, request, chosen, now)]
}

function stateFindings(facts: PlanFacts, { server, delayMs }: DelayedServer, now: AgentObservation): Finding[] {
  const { id } = server
  const at = now.observedAt
  if (now.role === 'primary') {
    const message = `${id} is the writer, or runs as a primary: there is nothing to roll forward.`
    return [blocker('delayed.is-primary', message, 'Restore from a backup, or from another standby.', holdStep, at)]
  }
  const found: Finding[] = []
  const stop = (code: string, message: string, remedy: string) =>
    found.push(blocker(code, message, remedy, holdStep, at))
  if (now.state !== 'running')
    stop('delayed.not-running', `PostgreSQL on ${id} is ${now.state}.`, 'Start it through its agent.')
  const { writer } = facts
  if (writer && now.systemIdentifier !== writer.systemIdentifier) {
    stop('delayed.foreign', `${id} is not a copy of this database.`, 'Rebuild it from the primary.')
  }
  if (writer && now.timeline !== null && now.timeline !== writer.timeline) {
    const message = `${id} is on timeline ${now.timeline}, the primary on ${writer.timeline}.`
    stop('delayed.forked', message, 'Rebuild it, or restore from a backup.')
  }
  if (now.fence) stop('delayed.fenced', `${id} is fenced (${now.fence.reason}).`, 'Rejoin it first.')
  if (now.replay) {
    const message = `Replay of ${id} is in the hands of run ${now.replay.runId}.`
    stop('delayed.held', message, 'Let that run end, or have it taken back.')
  }
  const { state, sentence } = judgeDelayed(now, delayMs)
  if (state === 'too-far' || state === 'too-near') {
    found.push(
      warning(
        'delayed.not-in-place',
        `${id}: ${sentence}`,
        'Look at its replication before you count on it.',
        holdStep,
        at,
      ),
    )
  }
  return found
}

function momentFindings(
  facts: PlanFacts,
  request: RollForwardRequest,
  { server, delayMs }: DelayedServer,
  now: AgentObservation,
): Finding[] {
  const at = Date.parse(request.at)
  const [applied, received] = [appliedUpTo(now), receivedUpTo(now)]
  if (at > facts.nowMs) {
    const message = `${request.at} has not come yet.`
    return [blocker('moment.in-future', message, 'Choose a moment right before the bad change.', holdStep)]
  }
  if (applied === null) {
    const message = `${server.id} has not said up to when it has applied.`
    return [blocker('moment.unknown', message, 'Look again when it has applied a heartbeat.', holdStep, now.observedAt)]
  }
  if (Date.parse(applied) >= at) {
    const message = `${server.id} has already applied up to ${applied}, ${secondsText(Date.parse(applied) - at)} past ${request.at}: it is held ${spanText(delayMs)} behind, and now is ${new Date(facts.nowMs).toISOString()}.`
    return [
      blocker(
        'moment.already-applied',
        message,
        'Choose a later moment, or restore from a backup.',
        holdStep,
        now.observedAt,
      ),
    ]
  }
  const found: Finding[] = []
  const leftMs = at + delayMs - facts.nowMs
  found.push({
    code: 'moment.time-left',
    severity: leftMs < 120_000 ? 'warning' : 'info',
    message: `${server.id} applies ${request.at} at ${new Date(at + delayMs).toISOString()}, in ${secondsText(Math.max(0, leftMs))}. The run has to begin before that; its first step holds it.`,
    remedy: 'Get it approved before then. After that only a backup leads there.',
    observedAt: now.observedAt,
    stepId: holdStep,
  })
  if (received === null || Date.parse(received) < at) {
    const until = received === null ? 'It receives nothing just now' : `It last heard from its upstream at ${received}`
    found.push(
      warning(
        'moment.maybe-not-received',
        `${until}: whether it has everything up to ${request.at} shows when it rolls forward.`,
        'If it falls short, it goes back to following and nothing was changed.',
        'agent.roll-forward',
        now.observedAt,
      ),
    )
  }
  return found
}

const secondsText = (ms: number): string => `${Math.round(ms / 1000)} s`

function fenceFindings(facts: PlanFacts): Finding[] {
  if (restoreFenceMethod(facts) !== null) return []
  const { primary } = sidesOf(facts.config, facts.writer)
  const message = `${primary.id} cannot be proved to have stopped: neither its agent nor a platform answers for it.`
  return [
    blocker(
      'fencing.not-provable',
      message,
      'Reach the agent or the platform. A failover has more ways to fence.',
      'postgres.verify-fence',
    ),
  ]
}

function acceptFindings(facts: PlanFacts, { at, acceptLossAfter }: RollForwardRequest): Finding[] {
  if (acceptLossAfter) return []
  const { primary } = sidesOf(facts.config, facts.writer)
  const message = `What was written from ${at} on will not be in the new writer. It stays on ${primary.id}, which is fenced and kept.`
  return [
    blocker('loss.not-accepted', message, 'Say that you accept it (acceptLossAfter).', 'postgres.promote-candidate'),
  ]
}

/** Standbys that applied the bad change follow a history that ends here. */
function otherStandbyFindings(facts: PlanFacts, chosen: DelayedServer): Finding[] {
  return otherStandbys(facts, chosen).map(({ id }) =>
    warning(
      'standby.needs-rebuild',
      `${id} has applied what comes after the moment. It is stopped after the promotion, so that nobody reads from it, and needs a rebuild.`,
      `Rebuild ${id} from ${chosen.server.id} afterwards: until then there is no standby.`,
      'agent.stop-standby',
      lastKnown(facts, 'agent', id)?.observedAt ?? null,
    ),
  )
}

export function otherStandbys({ config, writer }: PlanFacts, chosen: DelayedServer) {
  const { primary } = sidesOf(config, writer)
  return config.regions.flatMap((region) =>
    region.servers
      .filter((server) => server.id !== primary.id && server.id !== chosen.server.id)
      .map((server) => ({ id: server.id, region: region.id })),
  )
}
