import type { JudgedSignal } from '../thresholds/judge'
import { signalOf } from '../thresholds/table'
import { bytesText } from '../view/words'

/** A figure with its unit, short enough for a sentence. */
export function figureText(value: number, unit: string): string {
  if (unit === 'B') return bytesText(value)
  if (unit === 'ratio') return `${Math.round(value * 1000) / 10} %`
  const rounded = Math.abs(value) < 10 ? Math.round(value * 100) / 100 : Math.round(value)
  return unit === 'count' ? String(rounded) : `${rounded} ${unit}`
}

/** What an alert says: what was seen, against which limit; or that it is not known, and since when. */
export function alertSentence(judged: JudgedSignal): string {
  const { title, subject, value, unit, limits, state, why, signal } = judged
  if (state === 'stale') return `${title} of ${subject} is not known: its source has been silent since ${judged.at}.`
  if (state === 'unknown' || value === null) return `${title} of ${subject} is not known. ${why ?? ''}`.trim()
  const said = `${title} of ${subject} is ${figureText(value, unit)}`
  if (signalOf(signal).direction === 'exactly-one') return `${said}; it has to be exactly 1.`
  const limit = state === 'critical' ? limits.critical : limits.warn
  return `${said}; the limit is ${figureText(limit, unit)}.`
}
