import { z } from 'zod'
import { at, capability } from './common'

export const alertStates = ['firing', 'acknowledged', 'resolved'] as const
export const alertSeverities = ['warning', 'critical'] as const

export const alertView = z.object({
  id: z.string(),
  service: z.string(),
  signal: z.string(),
  subject: z.string(),
  cause: z.enum(['threshold', 'not-known', 'incident', 'anomaly']),
  severity: z.enum(alertSeverities),
  state: z.enum(alertStates),
  title: z.string(),
  sentence: z.string(),
  value: z.number().nullable(),
  unit: z.string(),
  /** Where it is put right. */
  href: z.string(),
  openedAt: at,
  changedAt: at,
  resolvedAt: at.nullable(),
  acknowledged: z.object({ at, by: z.string(), note: z.string() }).nullable(),
  silenced: z.boolean(),
  can: z.object({ acknowledge: capability, silence: capability }),
})
export type AlertView = z.infer<typeof alertView>

export const alertDetail = alertView.extend({
  events: z.array(z.object({ id: z.string(), at, kind: z.string(), message: z.string(), actor: z.string() })),
})
export type AlertDetail = z.infer<typeof alertDetail>

export const silenceView = z.object({
  id: z.string(),
  /** `*` is every one. */
  service: z.string(),
  signal: z.string(),
  subject: z.string(),
  reason: z.string(),
  by: z.string(),
  createdAt: at,
  until: at,
  can: z.object({ end: capability }),
})
export type SilenceView = z.infer<typeof silenceView>

export const alertsView = z.object({
  items: z.array(alertView),
  nextCursor: z.string().nullable(),
  /** Neither acknowledged nor silenced, over all services that the reader may see. */
  firing: z.int(),
  silences: z.array(silenceView),
  /** What is watched, for a list without alerts. */
  watched: z.object({ services: z.int(), signals: z.int() }),
  observedAt: at,
})
export type AlertsView = z.infer<typeof alertsView>
