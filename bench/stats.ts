/** Summary of repeated measurements, in the unit they were taken in. */
export type Summary = { runs: number; min: number; median: number; max: number }

export function summarise(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b)
  return {
    runs: sorted.length,
    min: sorted[0] ?? Number.NaN,
    median: quantile(sorted, 0.5),
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
