import { parseRange } from '@/server/domain/series/range'

/** A range as the address bar has it: `now-6h` and `now`, or two instants. */
export type UrlRange = { from: string; to: string }

export const usualRange: UrlRange = { from: 'now-6h', to: 'now' }

export const presets: readonly { word: string; from: string }[] = [
  { word: '15 min', from: 'now-15m' },
  { word: '1 h', from: 'now-1h' },
  { word: '6 h', from: 'now-6h' },
  { word: '24 h', from: 'now-24h' },
  { word: '7 d', from: 'now-7d' },
  { word: '30 d', from: 'now-30d' },
  { word: '90 d', from: 'now-90d' },
  { word: '12 months', from: 'now-1y' },
]

/** What the address bar asks for; six hours, and why, when it asks for nothing that can be shown. */
export function rangeOfUrl(
  params: { get(name: string): string | null },
  nowMs: number,
): UrlRange & { problem: string | null } {
  const [from, to] = [params.get('from'), params.get('to')]
  if (from === null && to === null) return { ...usualRange, problem: null }
  const asked = { from: from ?? usualRange.from, to: to ?? usualRange.to }
  const parsed = parseRange(asked.from, asked.to, nowMs)
  if (!('problem' in parsed)) return { ...asked, problem: null }
  return { ...usualRange, problem: `${parsed.problem} The last six hours are shown instead. ${parsed.nextStep}` }
}

/** The same width, that much earlier or later (in widths); never beyond now. */
export function movedRange(range: UrlRange, by: number, nowMs: number): UrlRange {
  const parsed = parseRange(range.from, range.to, nowMs)
  if ('problem' in parsed) return usualRange
  const width = parsed.toMs - parsed.fromMs
  const toMs = parsed.toMs + by * width
  return toMs >= nowMs ? instants(nowMs - width, nowMs) : instants(toMs - width, toMs)
}

/** Two moments in any order; nothing narrower than ten seconds can be seen. */
export function zoomedRange(oneMs: number, otherMs: number): UrlRange | null {
  const [fromMs, toMs] = oneMs < otherMs ? [oneMs, otherMs] : [otherMs, oneMs]
  return toMs - fromMs < 10_000 ? null : instants(fromMs, toMs)
}

function instants(fromMs: number, toMs: number): UrlRange {
  const iso = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`
  return { from: iso(fromMs), to: iso(toMs) }
}
