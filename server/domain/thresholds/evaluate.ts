import type { Direction, Limits, Signal } from './table'

export const signalStates = ['ok', 'warn', 'critical', 'unknown', 'stale'] as const
export type SignalState = (typeof signalStates)[number]

/** Loudest first. What is not known stands above what is fine. */
const loudness: readonly SignalState[] = ['critical', 'warn', 'stale', 'unknown', 'ok']

export function loudestState(states: readonly SignalState[]): SignalState {
  return loudness.find((state) => states.includes(state)) ?? 'unknown'
}

export type Dated = {
  /** null: it could not be learnt. */
  value: number | null
  /** Since the value was so; null when it never was. */
  ageMs: number | null
  /** How often it is looked at: a value older than twice this is stale, never fine. */
  intervalMs: number
}

/** One value against its limits. A value that is too old says nothing of now, however bad it was; the alert that it opened stays open. */
export function evaluate(direction: Direction, limits: Limits, { value, ageMs, intervalMs }: Dated): SignalState {
  if (ageMs !== null && ageMs > 2 * intervalMs) return 'stale'
  if (value === null || ageMs === null || !Number.isFinite(value)) return 'unknown'
  switch (direction) {
    case 'above':
      return value > limits.critical ? 'critical' : value > limits.warn ? 'warn' : 'ok'
    case 'below':
      return value < limits.critical ? 'critical' : value < limits.warn ? 'warn' : 'ok'
    case 'exactly-one':
      return value > limits.critical ? 'critical' : value < 1 ? 'warn' : 'ok'
  }
}

/** Why limits cannot be set; null when they can. The order depends on which side is bad. */
export function limitsProblem(
  signal: Pick<Signal, 'direction' | 'range' | 'title'>,
  { warn, critical }: Limits,
): { path: 'warn' | 'critical'; message: string } | null {
  const { range, direction } = signal
  if (!range) return { path: 'critical', message: `the limits of ${signal.title} are fixed` }
  for (const [path, value] of [['warn', warn] as const, ['critical', critical] as const]) {
    if (!Number.isFinite(value) || value < range.min || value > range.max) {
      return { path, message: `is a number from ${range.min} to ${range.max}` }
    }
  }
  if (direction === 'above' && warn > critical) return { path: 'warn', message: 'is not above the critical limit' }
  if (direction === 'below' && warn < critical) return { path: 'warn', message: 'is not below the critical limit' }
  return null
}
