import { dayMs } from './tiers'

/** Hours are kept for two years; nothing older can be shown. */
const widestMs = 731 * dayMs

const units: Record<string, number> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: dayMs,
  w: 7 * dayMs,
  y: 365 * dayMs,
}

export type Range = { fromMs: number; toMs: number }
export type RangeProblem = { problem: string; nextStep: string }

const withZone = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/

/** `now`, `now-6h` (s, m, h, d, w, or y of 365 days), or an ISO 8601 instant with its zone, in milliseconds; null for anything else. */
export function parseInstant(text: string, nowMs: number): number | null {
  if (text === 'now') return nowMs
  const back = /^now-(\d{1,7})([smhdwy])$/.exec(text)
  if (back) return nowMs - Number(back[1]) * (units[back[2] ?? ''] ?? Number.NaN)
  const absolute = withZone.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(absolute) ? null : absolute
}

/** A range that can be read, or what is wrong with it and what to ask for instead. */
export function parseRange(from: string, to: string, nowMs: number): Range | RangeProblem {
  const fromMs = parseInstant(from, nowMs)
  const toMs = parseInstant(to, nowMs)
  if (fromMs === null || toMs === null) {
    const bad = fromMs === null ? 'from' : 'to'
    return {
      problem: `What ${bad} says is no instant.`,
      nextStep: 'Write now, now-6h (s, m, h, d, w or y), or an instant with its zone such as 2026-01-31T12:00:00Z.',
    }
  }
  if (toMs <= fromMs) return { problem: 'The range ends before it begins.', nextStep: 'Let from be earlier than to.' }
  if (toMs - fromMs > widestMs)
    return { problem: 'The range is wider than two years.', nextStep: 'Ask for two years or less.' }
  return { fromMs, toMs }
}
