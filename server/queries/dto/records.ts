import { z } from 'zod'
import { rights, roles } from '@/server/domain/rights'
import { at } from './common'
import { measuredRun } from './run'

export const incidentView = z.object({
  id: z.string(),
  service: z.string(),
  region: z.string().nullable(),
  title: z.string(),
  severity: z.enum(['info', 'warning', 'critical']),
  state: z.enum(['open', 'confirmed', 'recovered', 'closed', 'dismissed']),
  lastGoodAt: at.nullable(),
  openedAt: at,
  confirmedAt: at.nullable(),
  acknowledgedAt: at.nullable(),
  recoveredAt: at.nullable(),
  closedAt: at.nullable(),
  runIds: z.array(z.string()),
  measured: measuredRun.nullable(),
  events: z.array(z.object({ id: z.string(), at, kind: z.string(), message: z.string(), actor: z.string() })),
})
export type IncidentView = z.infer<typeof incidentView>

export const auditEntryView = z.object({
  seq: z.int(),
  at,
  actor: z.string(),
  actorType: z.string(),
  action: z.string(),
  subject: z.string(),
  service: z.string().nullable(),
  runId: z.string().nullable(),
  outcome: z.string(),
  data: z.json(),
  prevHash: z.string(),
  hash: z.string(),
})
export type AuditEntryView = z.infer<typeof auditEntryView>

export const auditVerification = z.object({
  ok: z.boolean(),
  entries: z.int(),
  head: z.object({ seq: z.int(), hash: z.string() }).nullable(),
  /** Sequence number of the first entry that does not hold, and what is wrong with it. */
  brokenAt: z.int().nullable(),
  reason: z.string().nullable(),
  anchors: z.array(z.object({ store: z.string(), seq: z.int(), anchoredAt: at, matches: z.boolean() })),
  verifiedAt: at,
})
export type AuditVerification = z.infer<typeof auditVerification>

export const meView = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string(),
  grants: z.array(z.object({ role: z.enum(roles), service: z.string() })),
  rights: z.array(z.enum(rights)),
})
export type MeView = z.infer<typeof meView>

/** What the event stream carries: a hint that something changed; the reader fetches what it shows. */
export const eventView = z.object({
  id: z.string(),
  at,
  kind: z.enum([
    'run.changed',
    'step.changed',
    'service.changed',
    'incident.changed',
    'alert.changed',
    'approval.changed',
    'audit.appended',
  ]),
  service: z.string().nullable(),
  runId: z.string().nullable(),
})
export type EventView = z.infer<typeof eventView>
