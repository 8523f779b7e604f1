import type { Observation } from '../observation'
import { freshness, type Health, newest } from './health'
import { agoText, listText } from './words'

type Probe = Observation<'endpoint'> | Observation<'public'>

type VantageSight = {
  vantage: string
  /** null: not known now, because it was never or too long ago looked at. */
  ok: boolean | null
  failure: string | null
  latencyMs: number | null
  observedAt: string | null
  health: Health
}

/** What one vantage point can say now. An old answer is no answer. */
function sightFrom(vantage: string, probe: Probe | undefined, nowMs: number): VantageSight {
  const age = freshness(probe, nowMs)
  if (!probe || age === 'none') {
    return { vantage, ok: null, failure: null, latencyMs: null, observedAt: null, health: 'unknown' }
  }
  const { observedAt, failure } = probe
  const latencyMs = probe.ok ? (probe.facts?.latencyMs ?? null) : null
  if (age === 'stale') return { vantage, ok: null, failure, latencyMs, observedAt, health: 'stale' }
  return { vantage, ok: probe.ok, failure, latencyMs, observedAt, health: probe.ok ? 'ok' : 'down' }
}

export type Reachability = {
  health: Health
  sentence: string
  sights: VantageSight[]
  observedAt: string | null
}
type Rules = { vantagePoints: readonly string[]; quorum: number; failuresToConfirm: number }

/**
 * Is it reached, over all vantage points: `down` needs the quorum, each with enough failures in a row; fewer is `degraded`,
 * and so is an answer that only some vantage points could have seen. Nothing fresh is `stale`, nothing at all `unknown`.
 */
export function reachability(probes: readonly Probe[], rules: Rules, nowMs: number): Reachability {
  const latest = rules.vantagePoints.map((vantage) => newest(probes.filter((probe) => probe.vantage === vantage)))
  const sights = rules.vantagePoints.map((vantage, index) => sightFrom(vantage, latest[index] ?? undefined, nowMs))
  const observedAt = newest(sights.flatMap((each) => (each.observedAt ? [{ observedAt: each.observedAt }] : [])))
  const { health, sentence } = judge(sights, latest, rules, nowMs)
  return { health, sentence, sights, observedAt: observedAt?.observedAt ?? null }
}

function judge(
  sights: readonly VantageSight[],
  latest: readonly (Probe | null)[],
  rules: Rules,
  nowMs: number,
): { health: Health; sentence: string } {
  const answering = sights.filter((each) => each.ok === true)
  const failing = sights.filter((each) => each.ok === false)
  const blind = sights.filter((each) => each.ok === null)
  const names = (which: readonly VantageSight[]) => listText(which.map((each) => each.vantage))
  const newestAt = (which: readonly VantageSight[]) =>
    newest(which.flatMap((each) => (each.observedAt ? [{ observedAt: each.observedAt }] : [])))?.observedAt
  if (answering.length + failing.length === 0) {
    const last = newestAt(blind)
    return last
      ? { health: 'stale', sentence: `Last looked at ${agoText(last, nowMs)}.` }
      : { health: 'unknown', sentence: 'No vantage point has looked yet.' }
  }
  if (failing.length > 0) {
    const confirmed = failing.filter(
      (each) =>
        (latest.find((probe) => probe?.vantage === each.vantage)?.facts?.consecutiveFailures ?? 1) >=
        rules.failuresToConfirm,
    )
    const reason = failing[0]?.failure ?? 'no reason given'
    const others = answering.length > 0 ? `; ${names(answering)} is answered` : ''
    return {
      health: answering.length === 0 && confirmed.length >= rules.quorum ? 'down' : 'degraded',
      sentence: `No good answer to ${names(failing)} (${reason})${others}.`,
    }
  }
  const age = agoText(newestAt(answering) ?? new Date(nowMs).toISOString(), nowMs)
  if (blind.length > 0) {
    return {
      health: 'degraded',
      sentence: `Answers ${names(answering)}, ${age}; ${names(blind)} has not looked lately.`,
    }
  }
  return { health: 'ok', sentence: `Answers ${names(answering)}, ${age}.` }
}
