import type { SeriesView } from '@/server/queries/dto/series'

type Seen = { avg: number; min: number; max: number }
export type ChartPoint = {
  at: number
  averages: (number | null)[]
  ranges: ([number, number] | null)[]
  /** As they are, for words: a logarithmic axis cannot draw a zero. */
  seen: (Seen | null)[]
}

/** Below this a logarithmic axis draws everything at its foot. */
const foot = 0.01

/** Columns turned into the points of a chart, each in the middle of its bucket; null where nothing was seen. */
export function pointsOf({ from, stepMs, series }: SeriesView, logarithmic: boolean): ChartPoint[] {
  const fromMs = Date.parse(from)
  const drawn = (value: number): number => (logarithmic ? Math.max(foot, value) : value)
  const length = Math.max(0, ...series.map((each) => each.avg.length))
  return Array.from({ length }, (_, at) => {
    const seen = series.map(({ avg, min, max }): Seen | null => {
      const [a, b, c] = [avg[at], min[at], max[at]]
      return a == null || b == null || c == null ? null : { avg: a, min: b, max: c }
    })
    return {
      at: fromMs + (at + 0.5) * stepMs,
      seen,
      averages: seen.map((each) => each && drawn(each.avg)),
      ranges: seen.map((each) => each && [drawn(each.min), drawn(each.max)]),
    }
  })
}
