import { isStale } from '../observation'

/** The six states that a page may show; never by colour alone. */
export type Health = 'ok' | 'degraded' | 'down' | 'unknown' | 'stale' | 'paused'

/** Loudest first. What is not known stands above what is fine: `unknown` outranks `ok`. */
const loudness: readonly Health[] = ['down', 'degraded', 'stale', 'unknown', 'paused', 'ok']

/** The loudest of several; `unknown` for none at all. */
export function loudest(all: readonly Health[]): Health {
  return loudness.find((health) => all.includes(health)) ?? 'unknown'
}

type Dated = { observedAt: string; intervalMs: number }

/** `stale` beyond twice the interval, `none` when it was never seen. */
export function freshness(observation: Dated | null | undefined, nowMs: number): 'fresh' | 'stale' | 'none' {
  if (!observation) return 'none'
  return isStale(observation, nowMs) ? 'stale' : 'fresh'
}

/** Health of something that was last seen well: only as good as it is recent. */
export function healthByAge(observation: Dated | null | undefined, nowMs: number): Health {
  const age = freshness(observation, nowMs)
  return age === 'fresh' ? 'ok' : age === 'stale' ? 'stale' : 'unknown'
}

/** The newest by time of observation; null for none. */
export function newest<T extends { observedAt: string }>(observations: readonly T[]): T | null {
  return observations.reduce<T | null>(
    (best, each) => (best === null || Date.parse(each.observedAt) > Date.parse(best.observedAt) ? each : best),
    null,
  )
}
