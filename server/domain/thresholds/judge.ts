import type { ServiceConfig } from '../service-config'
import { evaluate, type SignalState } from './evaluate'
import type { Reading } from './readings'
import { defaultLimits, type Limits, type SignalId, signalOf } from './table'

export type Override = Limits & { signal: string }
export type JudgedSignal = Reading & { title: string; unit: string; limits: Limits; state: SignalState }

/** What holds for a signal of this service: what a person set, else what follows from its configuration. */
export function limitsOf(id: SignalId, config: ServiceConfig, overrides: readonly Override[]): Limits {
  const own = overrides.find((each) => each.signal === id)
  return own ? { warn: own.warn, critical: own.critical } : defaultLimits(id, config)
}

export function judgeSignal(
  reading: Reading,
  config: ServiceConfig,
  overrides: readonly Override[],
  nowMs: number,
): JudgedSignal {
  const { title, unit, direction } = signalOf(reading.signal)
  const limits = limitsOf(reading.signal, config, overrides)
  const { value, intervalMs } = reading
  const ageMs = reading.at === null ? null : Math.max(0, nowMs - Date.parse(reading.at))
  return { ...reading, title, unit, limits, state: evaluate(direction, limits, { value, ageMs, intervalMs }) }
}
