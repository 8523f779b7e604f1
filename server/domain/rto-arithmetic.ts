import type { Finding } from './finding'
import type { ServiceConfig } from './service-config'

export type RtoSource = 'configured' | 'measured' | 'default'
/** `seconds` null: nobody can promise it, and it is not in the sum. */
export type RtoPart = {
  part: 'detection' | 'decision' | 'fence' | 'promotion' | 'serving' | 'ttl' | 'scale'
  label: string
  seconds: number | null
  source: RtoSource
  /** How the number comes about. */
  how: string
}

export type RtoArithmetic = {
  parts: RtoPart[]
  totalSeconds: number
  objectiveSeconds: number
  withinObjective: boolean
}

/** Seconds that each step took in past runs, newest last. */
export type RtoFacts = { history: Readonly<Record<string, readonly number[]>> }

const round = (value: number): number => Math.round(value * 10) / 10

function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null
}

/** The sum of the medians of these steps, or null when one of them has never run: only a whole history says something. */
function achieved(facts: RtoFacts, steps: readonly string[]): number | null {
  const medians = steps.map((step) => median(facts.history[step] ?? []))
  return medians.reduce<number | null>((sum, each) => (sum === null || each === null ? null : sum + each), 0)
}

function work(
  facts: RtoFacts,
  row: { part: RtoPart['part']; label: string; steps: readonly string[]; budgetMs: number },
): RtoPart {
  const { part, label, steps, budgetMs } = row
  const took = achieved(facts, steps)
  if (took !== null) return { part, label, seconds: round(took), source: 'measured', how: 'median of past runs' }
  return { part, label, seconds: round(budgetMs / 1000), source: 'configured', how: 'its whole budget' }
}

/** The worst detection: the failure falls right after a probe, each further probe waits an interval, and the last uses its whole time. */
function detection({ probes }: ServiceConfig): RtoPart {
  const { intervalMs, timeoutMs, failuresToConfirm } = probes
  return {
    part: 'detection',
    label: 'Detection',
    seconds: round((intervalMs * failuresToConfirm + timeoutMs) / 1000),
    source: 'configured',
    how: `${failuresToConfirm} failures in a row, ${intervalMs / 1000} s apart, the last with its whole ${timeoutMs / 1000} s`,
  }
}

function decision({ mode }: ServiceConfig): RtoPart {
  const base = { part: 'decision' as const, label: 'Decision' }
  if (mode === 'automatic') return { ...base, seconds: 0, source: 'configured', how: 'approved in advance' }
  return { ...base, seconds: null, source: 'default', how: 'as long as people take to approve; not in the sum' }
}

/**
 * Where the time of a failover goes, from the configuration and from what past runs took, against the objective. The TTL counts after everything else: clients that
 * asked just before the turn keep the old answer for that long, whichever way the turn is made. Scaling is part of the run's critical path before the turn.
 */
export function rtoArithmetic(config: ServiceConfig, facts: RtoFacts): RtoArithmetic {
  const { budgets, dns, objectives } = config
  const parts: RtoPart[] = [
    detection(config),
    decision(config),
    work(facts, {
      part: 'fence',
      label: 'Fence and prove',
      steps: ['agent.fence-primary', 'postgres.verify-fence'],
      budgetMs: budgets.fenceMs,
    }),
    work(facts, {
      part: 'promotion',
      label: 'Promotion',
      steps: ['postgres.promote-candidate', 'postgres.prove-writable'],
      budgetMs: budgets.promoteMs,
    }),
    work(facts, {
      part: 'serving',
      label: 'Point applications',
      steps: ['workload.point-at-primary'],
      budgetMs: budgets.pointMs,
    }),
    work(facts, { part: 'scale', label: 'Scale', steps: ['workload.scale-region'], budgetMs: budgets.scaleMs }),
    {
      part: 'ttl',
      label: 'Cached answers',
      seconds: dns.ttlSeconds,
      source: 'configured',
      how: `a client that asked just before keeps the old answer for the TTL of ${dns.ttlSeconds} s`,
    },
  ]
  const totalSeconds = round(parts.reduce((sum, each) => sum + (each.seconds ?? 0), 0))
  const objectiveSeconds = objectives.rtoSeconds
  return { parts, totalSeconds, objectiveSeconds, withinObjective: totalSeconds <= objectiveSeconds }
}

/** The sum in words: `35 s detection + 20 s fence … = 412 s`. */
export function arithmeticText({ parts, totalSeconds }: RtoArithmetic): string {
  const terms = parts.flatMap((each) =>
    each.seconds === null || each.seconds === 0 ? [] : [`${each.seconds} s ${each.label.toLowerCase()}`],
  )
  return `${terms.join(' + ')} = ${totalSeconds} s`
}

/** A TTL without which the objective would be kept, or that alone is more than the objective. */
export function ttlFindings(arithmetic: RtoArithmetic): Finding[] {
  const ttl = arithmetic.parts.find((each) => each.part === 'ttl')?.seconds ?? 0
  const { totalSeconds, objectiveSeconds, withinObjective } = arithmetic
  if (withinObjective || totalSeconds - ttl > objectiveSeconds) return []
  const room = Math.max(0, Math.floor(objectiveSeconds - (totalSeconds - ttl)))
  return [
    {
      code: 'dns.ttl-too-high',
      severity: 'warning',
      message: `The TTL of ${ttl} s is too high for the objective of ${objectiveSeconds} s: ${arithmeticText(arithmetic)}.`,
      remedy: `Lower the TTL to at most ${room} s, and wait one old TTL before you count on it.`,
      observedAt: null,
      stepId: 'dns.await-resolvers',
    },
  ]
}
