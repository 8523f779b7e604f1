import { isStale } from './observation'

/**
 * Detection: what the latest probes say about one service, and what that means for its open incident. Pure, so that every
 * sequence of looks can be tried in a table. A vantage point whose newest look is stale counts as unknown: neither ok nor failing.
 */
export type ProbeLook = {
  kind: 'public' | 'endpoint'
  /** The public name, or the region whose endpoint it is. */
  subject: string
  vantage: string
  ok: boolean
  failure: string | null
  observedAt: string
  intervalMs: number
  consecutiveFailures: number
}

/** Good looks in a row at the public name from one vantage point, up to now. */
export type GoodStreak = { vantage: string; since: string; count: number }

export type DetectionRules = { vantagePoints: readonly string[]; quorum: number; failuresToConfirm: number }

export type DetectionInput = {
  nowMs: number
  publicName: string
  /** Where the writer is; null while unknown, and then only the public name counts. */
  primaryRegion: string | null
  rules: DetectionRules
  looks: readonly ProbeLook[]
  /** Only read while an incident is confirmed. */
  goodStreaks: readonly GoodStreak[]
  /** The instant at which the open incident was opened; null without one. */
  outageSince: string | null
}

export type Verdict = 'ok' | 'failing' | 'unknown'
export type Evidence = {
  target: 'public' | 'endpoint'
  subject: string
  vantage: string
  verdict: Verdict
  failures: number
  failure: string | null
  observedAt: string | null
}

export type DetectionState = 'ok' | 'suspected' | 'confirmed' | 'recovered' | 'unknown'
export type Detection = {
  state: DetectionState
  /** The region that is held to be the cause; null when only the public name fails. */
  region: string | null
  severity: 'warning' | 'critical'
  evidence: Evidence[]
  /** Newest failing look; null when nothing fails. */
  failedAt: string | null
  /** First of the good looks at the public name that ended the outage; set when `recovered`. */
  recoveredAt: string | null
}

/** Two good looks in a row, so that one lucky answer during an outage ends nothing. */
const goodLooksToRecover = 2

export function detect(input: DetectionInput): Detection {
  const publicEvidence = evidenceFor(input, 'public', input.publicName)
  const endpointEvidence = input.primaryRegion ? evidenceFor(input, 'endpoint', input.primaryRegion) : []
  const targets = [publicEvidence, ...(input.primaryRegion ? [endpointEvidence] : [])]
  const evidence = targets.flat()
  const failing = evidence.filter((each) => each.verdict === 'failing')
  const recoveredAt = recoveryInstant(input)
  const confirmed = targets.some((target) => confirmedBy(target, input.rules) >= input.rules.quorum)
  const good = targets.every((target) => countOk(target) >= input.rules.quorum) && failing.length === 0
  const state = confirmed ? 'confirmed' : failing.length > 0 ? 'suspected' : good ? 'ok' : 'unknown'
  return {
    state: state === 'ok' && recoveredAt ? 'recovered' : state,
    region: endpointEvidence.some((each) => each.verdict === 'failing') ? input.primaryRegion : null,
    severity: confirmedBy(publicEvidence, input.rules) >= input.rules.quorum ? 'critical' : 'warning',
    evidence,
    failedAt: newest(failing.map((each) => each.observedAt)),
    recoveredAt,
  }
}

function evidenceFor(input: DetectionInput, target: Evidence['target'], subject: string): Evidence[] {
  return input.rules.vantagePoints.map((vantage) => {
    const look = input.looks.find(
      (each) => each.kind === target && each.subject === subject && each.vantage === vantage,
    )
    if (!look || isStale(look, input.nowMs)) {
      return {
        target,
        subject,
        vantage,
        verdict: 'unknown',
        failures: 0,
        failure: null,
        observedAt: look?.observedAt ?? null,
      }
    }
    return {
      target,
      subject,
      vantage,
      verdict: look.ok ? 'ok' : 'failing',
      failures: look.ok ? 0 : Math.max(1, look.consecutiveFailures),
      failure: look.failure,
      observedAt: look.observedAt,
    }
  })
}

function confirmedBy(evidence: readonly Evidence[], rules: DetectionRules): number {
  return evidence.filter((each) => each.verdict === 'failing' && each.failures >= rules.failuresToConfirm).length
}

function countOk(evidence: readonly Evidence[]): number {
  return evidence.filter((each) => each.verdict === 'ok').length
}

/**
 * When the public name came back: the first good look of the streaks, once a quorum has two good looks in a row that began after the
 * outage did. Streaks older than the outage belong to vantage points that never saw it; they count for the quorum, not for the instant.
 */
function recoveryInstant(input: DetectionInput): string | null {
  const { outageSince, rules } = input
  if (outageSince === null) return null
  const streaks = input.goodStreaks.filter(
    (each) => rules.vantagePoints.includes(each.vantage) && each.count >= goodLooksToRecover,
  )
  if (streaks.length < rules.quorum) return null
  const after = streaks.map((each) => each.since).filter((since) => Date.parse(since) > Date.parse(outageSince))
  return oldest(after) ?? outageSince
}

function oldest(instants: readonly string[]): string | null {
  return instants.reduce<string | null>(
    (best, each) => (best === null || Date.parse(each) < Date.parse(best) ? each : best),
    null,
  )
}

function newest(instants: readonly (string | null)[]): string | null {
  return instants.reduce<string | null>(
    (best, each) => (each && (best === null || Date.parse(each) > Date.parse(best)) ? each : best),
    null,
  )
}
