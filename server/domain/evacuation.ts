import type { EvacuationConfig, SharedNameConfig } from './shared-names'

/** Weights by set identifier. */
export type Weights = Record<string, number>

const largestWeight = 255

/**
 * Weights of a name while `percent` of its normal weight is left to a region. What it gives up goes to the other region, so that the shares are the percentages, up to
 * Route 53's largest weight; a region that keeps a share keeps at least 1. Never all 0: Route 53 would then answer all alike.
 */
export function weightsAt(shared: SharedNameConfig, region: string, percent: number): Weights {
  const own = shared.records.find((record) => record.region === region)
  const normal = own?.weight ?? 0
  const left = percent === 0 ? 0 : Math.max(normal > 0 ? 1 : 0, Math.round((normal * percent) / 100))
  return Object.fromEntries(
    shared.records.map((record) => {
      if (record === own) return [record.setIdentifier, left]
      const weight = (record.weight ?? 0) + (normal - left)
      return [record.setIdentifier, Math.min(largestWeight, percent === 0 ? Math.max(1, weight) : weight)]
    }),
  )
}

/** The percentages that a region passes on its way: down to nothing, or up to what is configured. */
export function stagesOf(config: EvacuationConfig, direction: 'out' | 'back'): number[] {
  return direction === 'out' ? [...config.stages] : [...config.stages.filter((each) => each > 0).reverse(), 100]
}

export function sameWeights(a: Readonly<Weights>, b: Readonly<Weights>): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key])
}

export type WatchTally = { requests: number; failed: number }
type WatchRules = { holdMs: number; maxErrorRate: number; minRequests: number }

/** A stage that still has too few requests after this many times its hold is given up as unknown. */
const patience = 3

/**
 * What a stage's requests say. `halt` as soon as the failures are too many even if every request still missing to `minRequests` were good; `good` only
 * after the whole hold with enough requests; `unknown` when there never were enough: that is never taken for good.
 */
export function judgeWatch(
  tally: WatchTally,
  elapsedMs: number,
  rules: WatchRules,
): 'halt' | 'watch' | 'good' | 'unknown' {
  if (tally.failed > rules.maxErrorRate * Math.max(tally.requests, rules.minRequests)) return 'halt'
  if (elapsedMs < rules.holdMs) return 'watch'
  if (tally.requests >= rules.minRequests) return 'good'
  return elapsedMs < patience * rules.holdMs ? 'watch' : 'unknown'
}

/** How long a watch may take before it has said `good` or `unknown`, with room for its last look. */
export function watchBudgetMs(rules: Pick<WatchRules, 'holdMs'>): number {
  return 2 * rules.holdMs + 10_000
}
