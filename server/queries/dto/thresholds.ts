import { z } from 'zod'
import { signalStates } from '@/server/domain/thresholds/evaluate'
import { signalIds } from '@/server/domain/thresholds/table'
import { at, capability } from './common'

/** One signal of one subject now. `value` null is not known; `state` is never `ok` then. `at` is when the value was so. */
export const signalView = z.object({
  signal: z.enum(signalIds),
  title: z.string(),
  subject: z.string(),
  value: z.number().nullable(),
  unit: z.string(),
  state: z.enum(signalStates),
  at: at.nullable(),
  warn: z.number(),
  critical: z.number(),
  /** What is missing where it is not known. */
  why: z.string().nullable(),
})
export type SignalView = z.infer<typeof signalView>
export const signalsView = z.object({ service: z.string(), observedAt: at, signals: z.array(signalView) })
export type SignalsView = z.infer<typeof signalsView>

const limits = z.object({ warn: z.number(), critical: z.number() })

export const thresholdView = z.object({
  signal: z.enum(signalIds),
  title: z.string(),
  meaning: z.string(),
  remedy: z.string(),
  unit: z.string(),
  direction: z.enum(['above', 'below', 'exactly-one']),
  source: z.enum(['guide', 'default']),
  heldSeconds: z.number(),
  staleAfterSeconds: z.number(),
  range: z.object({ min: z.number(), max: z.number() }).nullable(),
  default: limits,
  current: limits,
  /** null: the default holds. `previous` null: the default held before. */
  override: z.object({ by: z.string(), at, reason: z.string(), previous: limits.nullable() }).nullable(),
  /** The loudest state of its subjects, and how many there are. */
  state: z.enum(signalStates).nullable(),
  subjects: z.int(),
})
export type ThresholdView = z.infer<typeof thresholdView>

export const thresholdsView = z.object({
  service: z.string(),
  serviceName: z.string(),
  items: z.array(thresholdView),
  can: z.object({ change: capability }),
  observedAt: at,
})
export type ThresholdsView = z.infer<typeof thresholdsView>
