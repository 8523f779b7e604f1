import type { AgentObservation } from '../agent-protocol'
import type { Observation } from '../observation'
import { freshness, type Health, newest } from './health'
import { agoText, listText } from './words'

export type ServerJudgement = {
  role: 'primary' | 'standby' | 'fenced' | 'stopped' | null
  health: Health
  detail: string
  timeline: number | null
  lsn: string | null
  generation: number | null
  observedAt: string | null
  /** What is so now; null when it was not seen lately, and then nothing may be concluded from older facts. */
  now: { facts: AgentObservation; observedAt: string } | null
}

/** A primary that wrote its heartbeat this recently takes writes: ten beats of one second. */
const heartbeatGraceMs = 10_000

/**
 * How a server is, from what its agent told each vantage point and what the platform says of its machine. An agent that does not
 * answer makes the server unknown, not down: only the agent itself, or the platform, can say that it stopped.
 */
export function judgeServer(
  agents: readonly Observation<'agent'>[],
  platform: readonly Observation<'platform'>[],
  nowMs: number,
): ServerJudgement {
  const learnt = newest(agents.filter((each) => each.ok && each.facts !== null))
  const fresh = freshness(learnt, nowMs) === 'fresh'
  // An observation that failed keeps what the agent said last; its own time tells how long ago that was.
  const facts = fresh ? (learnt?.facts ?? null) : newest(agents.flatMap((each) => each.facts ?? []))
  const known = {
    role: facts ? roleOf(facts) : null,
    timeline: facts?.timeline ?? facts?.control?.timeline ?? null,
    lsn: facts ? positionOf(facts) : null,
    generation: facts?.newestGeneration ?? null,
    observedAt: (fresh ? learnt?.observedAt : facts?.observedAt) ?? null,
  }
  if (learnt && facts && fresh) {
    const deaf = agents.filter((each) => !each.ok && freshness(each, nowMs) === 'fresh').map((each) => each.vantage)
    const partly = deaf.length > 0 ? ` Not reached from ${listText(deaf)}.` : ''
    const { health, detail } = judgeFacts(facts)
    return { ...known, health, detail: `${detail}${partly}`, now: { facts, observedAt: learnt.observedAt } }
  }
  return { ...known, ...judgeUnseen(agents, platform, nowMs), now: null }
}

function judgeUnseen(
  agents: readonly Observation<'agent'>[],
  platform: readonly Observation<'platform'>[],
  nowMs: number,
): { health: Health; detail: string } {
  const power = newest(platform.filter((each) => each.ok && freshness(each, nowMs) === 'fresh'))
  if (power?.facts?.state === 'stopped')
    return { health: 'down', detail: 'The platform says that its machine is stopped.' }
  const attempt = newest(agents)
  if (!attempt) return { health: 'unknown', detail: 'Its agent was never reached.' }
  if (freshness(attempt, nowMs) === 'stale') {
    return { health: 'stale', detail: `Last looked at ${agoText(attempt.observedAt, nowMs)}.` }
  }
  const machine = power?.facts ? ` The platform says that its machine is ${power.facts.state}.` : ''
  return { health: 'unknown', detail: `Its agent does not answer (${attempt.failure ?? 'no reason'}).${machine}` }
}

function judgeFacts(facts: AgentObservation): { health: Health; detail: string } {
  const mark = facts.fence ? `fenced (${facts.fence.reason}, generation ${facts.fence.generation})` : null
  switch (facts.state) {
    case 'stopped':
      return { health: 'down', detail: mark ? `Stopped and ${mark}.` : 'PostgreSQL is stopped.' }
    case 'unresponsive':
      return { health: 'down', detail: 'PostgreSQL does not answer, yet its processes exist: it is not stopped.' }
    case 'starting':
      return { health: 'degraded', detail: 'PostgreSQL is starting.' }
    case 'running':
      if (facts.role === 'primary') return judgePrimary(facts)
      if (facts.role === 'standby') return judgeStandby(facts, mark)
      return { health: 'unknown', detail: 'PostgreSQL runs; whether as primary or standby is not known.' }
  }
}

function judgePrimary(facts: AgentObservation): { health: Health; detail: string } {
  if (facts.acceptsWrites === false) return { health: 'degraded', detail: 'Primary, but it refuses writes.' }
  const beat = facts.heartbeat
    ? Date.parse(facts.observedAt) - Date.parse(facts.heartbeat.at)
    : Number.POSITIVE_INFINITY
  if (facts.acceptsWrites === true || beat <= heartbeatGraceMs)
    return { health: 'ok', detail: 'Primary, takes writes.' }
  return { health: 'unknown', detail: 'Primary; whether it takes writes was not proved lately.' }
}

function judgeStandby(facts: AgentObservation, mark: string | null): { health: Health; detail: string } {
  if (mark) return { health: 'degraded', detail: `Standby, ${mark}.` }
  if (facts.replayPaused) return { health: 'degraded', detail: 'Standby, but replay is paused.' }
  if (facts.receiver?.status === 'streaming') return { health: 'ok', detail: 'Standby, streaming.' }
  if (!facts.follows) return { health: 'degraded', detail: 'Standby, detached: it follows nobody.' }
  return { health: 'degraded', detail: 'Standby, but it receives nothing from its primary.' }
}

function roleOf(facts: AgentObservation): ServerJudgement['role'] {
  if (facts.state === 'running' && facts.role === 'primary') return 'primary'
  if (facts.fence) return 'fenced'
  if (facts.state === 'stopped') return 'stopped'
  return facts.role
}

function positionOf(facts: AgentObservation): string | null {
  if (facts.role === 'primary') return facts.currentLsn
  return facts.replayedLsn ?? facts.control?.checkpointLsn ?? null
}
