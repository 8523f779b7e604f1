/** A page never ships more points a series than this; a wider range gets wider buckets. */
export const maxPoints = 2_000
/** What a chart of ordinary width can show, when nothing else was asked for. */
const usualPoints = 300

export type Bucketing = { fromMs: number; toMs: number; stepMs: number; count: number }

/**
 * Buckets over [from, to), aligned to multiples of the step, so that the same instant falls into the same bucket however the window moves.
 * @param wantedStepMs null for what a chart can show, never under a second
 */
export function bucketing(fromMs: number, toMs: number, wantedStepMs: number | null): Bucketing {
  const range = Math.max(1, toMs - fromMs)
  const wanted = wantedStepMs ?? Math.ceil(range / usualPoints / 1000) * 1000
  // One bucket fewer than the limit: alignment may add one at either end.
  const stepMs = Math.max(1_000, wanted, Math.ceil(range / (maxPoints - 2)))
  const begin = Math.floor(fromMs / stepMs) * stepMs
  const end = Math.ceil(toMs / stepMs) * stepMs
  return { fromMs: begin, toMs: end, stepMs, count: Math.round((end - begin) / stepMs) }
}

export type BucketRow = { bucket: number; subject: string; avg: number; min: number; max: number }
export type Point = { at: string; avg: number | null; min: number | null; max: number | null }

/** One list of points a subject, each bucket there; a bucket without samples is a gap, never a zero and never the value before it. */
export function fillGaps(buckets: Bucketing, rows: readonly BucketRow[]): Map<string, Point[]> {
  const subjects = new Map<string, Map<number, BucketRow>>()
  for (const row of rows) {
    const known = subjects.get(row.subject) ?? new Map<number, BucketRow>()
    known.set(row.bucket, row)
    subjects.set(row.subject, known)
  }
  const series = new Map<string, Point[]>()
  for (const [subject, known] of [...subjects].sort(([a], [b]) => a.localeCompare(b))) {
    const points = Array.from({ length: buckets.count }, (_, index) => {
      const row = known.get(index)
      const at = new Date(buckets.fromMs + index * buckets.stepMs).toISOString()
      return { at, avg: row?.avg ?? null, min: row?.min ?? null, max: row?.max ?? null }
    })
    series.set(subject, points)
  }
  return series
}
