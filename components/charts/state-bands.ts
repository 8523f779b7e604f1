/** A stretch of time in which a server was in one state; null where it was not seen. Bounds are bucket indices, `to` exclusive. */
export type Band = { state: number | null; from: number; to: number }

/**
 * Folds the least value of each bucket into bands: within a bucket the worse state counts, so that a minute of trouble in a month is a bucket of trouble and not an
 * average of words. Pure.
 */
export function bandsOf(least: readonly (number | null)[]): Band[] {
  const bands: Band[] = []
  least.forEach((value, at) => {
    const state = value === null ? null : Math.round(value)
    const last = bands.at(-1)
    if (last && last.state === state) last.to = at + 1
    else bands.push({ state, from: at, to: at + 1 })
  })
  return bands
}
