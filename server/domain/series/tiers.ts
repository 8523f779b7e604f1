const second = 1_000
const minute = 60 * second
const hour = 60 * minute
export const dayMs = 24 * hour

/** From finest to coarsest: the least a bucket covers, and how long the tier is kept. The migration's `series_tier` has the same keeps. */
export const tiers = {
  raw: { stepMs: second, keepMs: 7 * dayMs },
  '1m': { stepMs: minute, keepMs: 90 * dayMs },
  '1h': { stepMs: hour, keepMs: 731 * dayMs },
} as const
export type TierName = keyof typeof tiers
const finestFirst: readonly TierName[] = ['raw', '1m', '1h']

/** Steps that people can read off an axis; from an hour on all are whole hours, from a minute on whole minutes. */
export const ladderMs: readonly number[] = [
  ...[1, 2, 5, 10, 15, 30].map((n) => n * second),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * minute),
  ...[1, 2, 3, 6, 12].map((n) => n * hour),
  ...[1, 2, 7, 14, 28, 91].map((n) => n * dayMs),
]
const widestStepMs = 91 * dayMs

/** A page never ships more points a series than this. */
export const maxPoints = 2_000
export const usualPoints = 400
/** Of all series of one answer together: three numbers a point, so that a chart stays under 50 KB however many lines it has. */
const pointsOfAnswer = 2_000

/** Points of each series, when so many share an answer. */
export function pointsEach(wanted: number, seriesCount: number): number {
  return Math.max(4, Math.min(wanted, maxPoints, Math.floor(pointsOfAnswer / Math.max(1, seriesCount))))
}

/** Buckets over [fromMs, toMs), each `stepMs` wide, aligned to multiples of the step, so that an instant falls into the same bucket however the window moves. */
export type Grid = { fromMs: number; toMs: number; stepMs: number; count: number; tier: TierName }

/**
 * The finest step of the ladder that needs no more than `points` buckets, and the coarsest tier that is as fine: it has the fewest rows to read. Where the finer
 * tiers are no longer kept at the range's beginning, the step is that of the finest one that is.
 */
export function gridOf(range: { fromMs: number; toMs: number }, points: number, nowMs: number): Grid {
  const kept = finestFirst.filter((tier) => range.fromMs >= nowMs - tiers[tier].keepMs)
  const least = tiers[kept[0] ?? '1h'].stepMs
  const stepMs =
    ladderMs.find((step) => step >= least && aligned(range, step).count <= Math.max(2, points)) ?? widestStepMs
  const tier = kept.filter((each) => tiers[each].stepMs <= stepMs).at(-1) ?? '1h'
  return { ...aligned(range, stepMs), stepMs, tier }
}

function aligned(range: { fromMs: number; toMs: number }, stepMs: number): Pick<Grid, 'fromMs' | 'toMs' | 'count'> {
  const fromMs = Math.floor(range.fromMs / stepMs) * stepMs
  const toMs = Math.max(fromMs + stepMs, Math.ceil(range.toMs / stepMs) * stepMs)
  return { fromMs, toMs, count: Math.round((toMs - fromMs) / stepMs) }
}
