import { formatSeconds, pad, plain } from './number'

/** Times are UTC on the page, with the zone printed; local time stands in the tooltip. */
export function utcTime(iso: string): string {
  const at = new Date(iso)
  return `${pad(at.getUTCHours())}:${pad(at.getUTCMinutes())}:${pad(at.getUTCSeconds())}Z`
}

export function utcDateTime(iso: string): string {
  return `${iso.slice(0, 10)} ${utcTime(iso)}`
}

/** Instants inside a sentence that was written for machines too, cut to the second. */
export function shortTimes(text: string): string {
  return text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, (iso) => utcDateTime(iso))
}

export function sameUtcDay(iso: string, nowMs: number): boolean {
  return iso.slice(0, 10) === new Date(nowMs).toISOString().slice(0, 10)
}

/** The reader's own clock, zone printed. Only call it in the browser: the server's zone is nobody's. */
export function localDateTime(iso: string): string {
  return new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' }).format(new Date(iso))
}

/** "3 s ago", "2 m 10 s ago"; what lies a little in the future, by differing clocks, is "now". */
export function ageText(iso: string, nowMs: number): string {
  const seconds = Math.floor((nowMs - Date.parse(iso)) / 1000)
  return seconds < 1 ? 'now' : `${wholeSeconds(seconds)} ago`
}

/** A span to the second: "3 s", "2 m 10 s". */
export function wholeSeconds(seconds: number): string {
  return seconds < 90 ? `${seconds} s` : plain(formatSeconds(seconds))
}

/** "in 12 m 04 s", or "passed". */
export function untilText(iso: string, nowMs: number): string {
  const seconds = Math.ceil((Date.parse(iso) - nowMs) / 1000)
  return seconds <= 0 ? 'passed' : `in ${wholeSeconds(seconds)}`
}

export function elapsedMs(from: string, to: string | null, nowMs: number): number {
  return Math.max(0, (to ? Date.parse(to) : nowMs) - Date.parse(from))
}
