import type { AgentObservation } from '../agent-protocol'
import { commitWindowFindings } from '../commit-window'
import type { Finding } from '../finding'
import { lastKnown, type PlanFacts, type PromotionFact, seenLately, sidesOf } from './facts'

/** The server of the other region that comes back: the one that a successor was promoted over, else the region's first. */
export function returnedServer(facts: PlanFacts) {
  const { to } = sidesOf(facts.config, facts.writer)
  const replaced = new Set((facts.promotions ?? []).map((each) => each.fromServerId))
  const candidates = to.servers.filter((server) => server.role === 'candidate')
  return candidates.find((server) => replaced.has(server.id)) ?? candidates[0]
}

/** Where the returned server's history and the writer's part: the earliest promotion off the timeline that it is on. */
export function forkOf(facts: PlanFacts, timeline: number | null): PromotionFact | null {
  const ends = (facts.promotions ?? []).filter((each) => each.fromTimeline === timeline)
  return ends.sort((a, b) => Date.parse(a.promotedAt) - Date.parse(b.promotedAt))[0] ?? null
}

/** Already a standby of the writer: there is nothing to keep and nothing to rebuild, only to prove. */
export function alreadyStandby(facts: PlanFacts): boolean {
  const server = returnedServer(facts)
  const { writer } = facts
  const seen = server ? freshFacts(facts, server.id) : null
  return seen !== null && writer !== null && seen.timeline === writer.timeline && followsWriter(facts, seen)
}

function followsWriter(facts: PlanFacts, seen: AgentObservation): boolean {
  const { primary } = sidesOf(facts.config, facts.writer)
  return seen.role === 'standby' && seen.follows?.host === primary.host && seen.follows.port === primary.port
}

function freshFacts(facts: PlanFacts, serverId: string): AgentObservation | null {
  return seenLately(facts, 'agent', serverId).find((each) => each.ok)?.facts ?? null
}

type Draft = Pick<Finding, 'code' | 'message' | 'remedy' | 'stepId'> & { observedAt?: string | null }
const finding =
  (severity: Finding['severity']) =>
  ({ observedAt = null, ...draft }: Draft): Finding => ({ severity, observedAt, ...draft })
const blocker = finding('blocker')
const warning = finding('warning')
const info = finding('info')

export function failbackFindings(facts: PlanFacts): Finding[] {
  return [
    ...serviceFindings(facts),
    ...wayBackFindings(facts),
    ...writerFindings(facts),
    ...returnedFindings(facts),
    ...switchFindings(facts),
    ...workloadFindings(facts),
  ]
}

/** A server that follows the writer already is not rewound, so no way back is given up. */
function wayBackFindings(facts: PlanFacts): Finding[] {
  const server = returnedServer(facts)
  if (!server || alreadyStandby(facts)) return []
  return commitWindowFindings(facts.commitWindow, server.id, facts.nowMs)
}

function serviceFindings({ activeRun }: PlanFacts): Finding[] {
  if (!activeRun) return []
  return [
    blocker({
      code: 'run.already-active',
      message: `Run ${activeRun.id} (${activeRun.kind}) holds this service and is ${activeRun.state}.`,
      remedy: 'Let it finish, or abort it.',
      stepId: null,
    }),
  ]
}

function writerFindings(facts: PlanFacts): Finding[] {
  const { writer } = facts
  if (!writer) {
    return [
      blocker({
        code: 'service.writer-unknown',
        message: 'No primary of this service was ever seen.',
        remedy: 'Wait until a worker has reached the primary, or check its agent.',
        stepId: null,
      }),
    ]
  }
  const seen = freshFacts(facts, writer.serverId)
  if (seen?.role === 'primary' && seen.acceptsWrites !== false) return []
  return [
    blocker({
      code: 'failback.writer-not-seen',
      message: `${writer.serverId}, which the region is to follow, was not seen lately as a running primary.`,
      remedy: 'Bring the writer into order first: a standby of nothing protects nothing.',
      stepId: 'agent.rebuild-standby',
      observedAt: lastKnown(facts, 'agent', writer.serverId)?.observedAt ?? null,
    }),
  ]
}

/** Its switch of an earlier run calls users back to it. */
function switchFindings(facts: PlanFacts): Finding[] {
  const { to } = sidesOf(facts.config, facts.writer)
  const stale = seenLately(facts, 'switch', to.id).find((each) => each.facts?.set)
  if (!stale) return []
  return [
    warning({
      code: 'failback.switch-set',
      message: `The traffic switch in ${to.name}'s store is still set, as an earlier run left it: users may be sent there.`,
      remedy: 'Nothing to do: workers take it away within seconds, or the run does.',
      stepId: 'dns.hold-out-region',
      observedAt: stale.observedAt,
    }),
  ]
}

function returnedFindings(facts: PlanFacts): Finding[] {
  const server = returnedServer(facts)
  if (!server || !facts.writer) return []
  const seen = freshFacts(facts, server.id)
  if (!seen) return [...unreachableFindings(facts, server), ...forkFindings(facts)]
  const found: Finding[] = []
  const observedAt = seen.observedAt
  if (seen.role === 'primary') {
    found.push(
      blocker({
        code: 'failback.still-primary',
        message: `${server.id} runs as a primary beside the writer ${facts.writer.serverId}.`,
        remedy: 'Fence it before anything else; its agent does so when it hears of the writer.',
        stepId: 'service.verify-held-out',
        observedAt,
      }),
    )
  }
  if (seen.systemIdentifier !== null && seen.systemIdentifier !== facts.writer.systemIdentifier) {
    found.push(
      blocker({
        code: 'failback.foreign',
        message: `${server.id} is not a copy of this database: its system identifier is ${seen.systemIdentifier}.`,
        remedy: 'Check which machine answers there. Nothing of it is touched.',
        stepId: 'service.verify-held-out',
        observedAt,
      }),
    )
  }
  if (alreadyStandby(facts)) {
    found.push(
      info({
        code: 'failback.already-standby',
        message: `${server.id} follows ${facts.writer.serverId} already: the plan only proves that it can be relied on.`,
        remedy: 'Nothing is needed; run it to compare the tables.',
        stepId: null,
        observedAt,
      }),
    )
    return found
  }
  return [...found, ...forkFindings(facts)]
}

function unreachableFindings(facts: PlanFacts, server: { id: string; platformHostId?: string }): Finding[] {
  if (facts.config.platform && server.platformHostId) {
    return [
      warning({
        code: 'failback.agent-silent',
        message: `The agent of ${server.id} does not answer; its host is started first.`,
        remedy: 'If the host runs already, check the agent and the links to it.',
        stepId: 'platform.power-on-host',
        observedAt: lastKnown(facts, 'agent', server.id)?.observedAt ?? null,
      }),
    ]
  }
  return [
    blocker({
      code: 'failback.unreachable',
      message: `The agent of ${server.id} does not answer, and no platform can start its host.`,
      remedy: 'Start the machine and its agent; it comes up read-only.',
      stepId: 'platform.power-on-host',
    }),
  ]
}

function forkFindings(facts: PlanFacts): Finding[] {
  const server = returnedServer(facts)
  const known = server ? lastKnown(facts, 'agent', server.id) : null
  if (!server || forkOf(facts, known?.facts.timeline ?? null)) return []
  return [
    blocker({
      code: 'failback.fork-unknown',
      message: `Where the history of ${server.id} and the writer’s part is not known: no promotion off its timeline ${known?.facts.timeline ?? '(unknown)'} was carried out by Lifeboat.`,
      remedy: 'What only it has could not be kept. Read it by hand, then rebuild the server from the primary.',
      stepId: 'agent.keep-divergence',
      observedAt: known?.observedAt ?? null,
    }),
  ]
}

function workloadFindings(facts: PlanFacts): Finding[] {
  const { to } = sidesOf(facts.config, facts.writer)
  if (seenLately(facts, 'workload', to.id).some((each) => each.ok)) return []
  return [
    warning({
      code: 'workload.unknown',
      message: `How many instances run in ${to.name} was not seen lately.`,
      remedy: `Bring up the cluster of ${to.name}; the plan only starts the database host.`,
      stepId: 'workload.point-at-primary',
    }),
  ]
}
