import type { AgentObservation } from './agent-protocol'
import type { RegionConfig, ServerConfig, ServiceConfig } from './service-config'

/** A standby that applies late on purpose: the fast way out of a bad change, until the change itself is applied. */
export type DelayedServer = { region: RegionConfig; server: ServerConfig; delayMs: number }

export function delayedServers(config: ServiceConfig): DelayedServer[] {
  return config.regions.flatMap((region) =>
    region.servers.flatMap((server) =>
      server.role === 'delayed' ? [{ region, server, delayMs: (server.delaySeconds ?? 0) * 1000 }] : [],
    ),
  )
}

type Applied = Pick<AgentObservation, 'lastReplayedXactAt' | 'heartbeat'>

/** The newest commit or heartbeat that it has applied; null when it has told of neither. */
export function appliedUpTo({ lastReplayedXactAt, heartbeat }: Applied): string | null {
  const times = [lastReplayedXactAt ?? null, heartbeat?.at ?? null].filter((at) => at !== null)
  return times.sort((a, b) => Date.parse(a) - Date.parse(b)).at(-1) ?? null
}

/** Until when everything that was committed has arrived: it hears from its upstream, or last did. null when it never did. */
export function receivedUpTo({ receiver }: Pick<AgentObservation, 'receiver'>): string | null {
  return receiver?.lastMessageAt ?? null
}

/** A heartbeat is a second old at most, an observation a few; what is further off is no longer the delay. */
const toleranceMs = 15_000

export type DelayedState = {
  /** `in-place`: as far behind as it is meant to be · `held`: a run stopped it there. */
  state: 'in-place' | 'held' | 'too-far' | 'too-near' | 'not-applying'
  sentence: string
}

/**
 * Whether a delayed standby is where it should be. Being behind is its purpose, so only the distance from its delay counts. A standby that was
 * restarted receives nothing until it has applied what it had: that is not broken, and shows in time.
 */
export function judgeDelayed(facts: AgentObservation, delayMs: number): DelayedState {
  const delay = spanText(delayMs)
  if (facts.state !== 'running' || facts.role !== 'standby') {
    return { state: 'not-applying', sentence: `Should be held ${delay} behind, but is no running standby.` }
  }
  if (facts.replay) return { state: 'held', sentence: heldText(facts.replay) }
  if (facts.replayPaused) return { state: 'not-applying', sentence: 'Replay is paused by hand: it applies nothing.' }
  const applied = appliedUpTo(facts)
  if (applied === null) return { state: 'not-applying', sentence: 'It has applied no heartbeat yet.' }
  const behindMs = Date.parse(facts.observedAt) - Date.parse(applied)
  if (behindMs > delayMs + toleranceMs) {
    return { state: 'too-far', sentence: `${spanText(behindMs)} behind; it should be held ${delay} behind.` }
  }
  if (facts.applyDelayMs !== delayMs) {
    const own = facts.applyDelayMs === undefined ? 'an unknown time' : spanText(facts.applyDelayMs)
    return { state: 'too-near', sentence: `Should be held ${delay} behind, but its agent waits ${own}.` }
  }
  // A fresh copy is as new as its upstream, and falls behind from there.
  if (behindMs < delayMs - toleranceMs) {
    return {
      state: 'in-place',
      sentence: `${spanText(behindMs)} behind so far; to be held ${delay} behind on purpose.`,
    }
  }
  return { state: 'in-place', sentence: `Held ${delay} behind on purpose.` }
}

function heldText(replay: NonNullable<AgentObservation['replay']>): string {
  return replay.mode === 'held'
    ? `Applies nothing: held for run ${replay.runId}.`
    : `Stops at ${replay.targetTime} for run ${replay.runId}.`
}

/** `60 s`, `5 min`, `1 h`: whole units where they come out even, seconds where they do not. */
export function spanText(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds >= 3600 && seconds % 3600 === 0) return `${seconds / 3600} h`
  if (seconds > 60 && seconds % 60 === 0) return `${seconds / 60} min`
  return seconds > 600 ? `${Math.round(seconds / 60)} min` : `${seconds} s`
}
