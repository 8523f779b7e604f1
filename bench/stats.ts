/** Summary of repeated measurements, in the unit they were taken in. */
export type Summary = { runs: number; min: number; median: number; p95: number; max: number }

export function summarise(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b)
  return {
    runs: sorted.length,
    min: sorted[0] ?? Number.NaN,
    median: quantile(sorted, 0.5),
    p95: quantile(sorted, 0.95),
    max: sorted.at(-1) ?? Number.NaN,
  }
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}

export function show(summary: Summary, digits = 3): string {
  const [min, median, max] = [summary.min, summary.median, summary.max].map((each) => each.toFixed(digits))
  return `${min} / **${median}** / ${max}`
}

/** With the 95th percentile, where there are enough of them for it to mean something. */
export function showTail(summary: Summary, digits = 3): string {
  const [median, p95, max] = [summary.median, summary.p95, summary.max].map((each) => each.toFixed(digits))
  return `**${median}** / ${p95} / ${max}`
}
