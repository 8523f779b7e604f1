import type { PlanFacts } from './facts'
import type { PlanStep } from './types'

type Expected = { range: { low: number; high: number }; parts: { label: string; seconds: number }[] }

const seconds = (ms: number): number => Math.round(ms / 10) / 100

function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null
}

/**
 * Expected RTO in seconds, with its arithmetic. Low: detection at best, each step as fast as its median so far (nothing where none
 * ran yet), and the TTL. High: detection at worst and every step's whole budget. The decision itself is not in it: nobody can promise that.
 * Detection needs `failuresToConfirm` probes in a row: the failure falls anywhere in an interval, and the last may use its whole timeout.
 */
export function expectedRto(facts: PlanFacts, steps: readonly PlanStep[]): Expected {
  const { probes, dns } = facts.config
  const detectLow = seconds((probes.failuresToConfirm - 1) * probes.intervalMs)
  const detectHigh = seconds(probes.failuresToConfirm * probes.intervalMs + probes.timeoutMs)
  const medians = steps.flatMap((step) => median(facts.history?.[step.stepId] ?? []) ?? [])
  // Only a whole history says something about the whole.
  const known = medians.length === steps.length ? medians : []
  const fastest = known.reduce((sum, each) => sum + each, 0)
  const budgets = seconds(steps.reduce((sum, step) => sum + step.budgetMs, 0))
  const usual = known.length > 0 ? fastest : budgets
  return {
    range: {
      low: round(detectLow + fastest + (known.length > 0 ? 0 : dns.ttlSeconds)),
      high: round(detectHigh + budgets),
    },
    parts: [
      { label: 'Detection, at worst', seconds: detectHigh },
      {
        label: known.length > 0 ? 'Steps, as they took before' : 'Steps, if each uses its whole budget',
        seconds: round(usual),
      },
      { label: 'Cached answers (TTL, within the steps)', seconds: dns.ttlSeconds },
    ],
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
