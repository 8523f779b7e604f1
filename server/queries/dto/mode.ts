import { z } from 'zod'
import { at, capability } from './common'

const killSwitchView = z.object({
  on: z.boolean(),
  reason: z.string().nullable(),
  changedAt: at.nullable(),
  changedBy: z.string().nullable(),
})

export const ruleView = z.object({
  code: z.string(),
  /** null while it cannot be known: that counts as not holding. */
  holds: z.boolean().nullable(),
  words: z.string(),
  /** `act`: stands only in the way of acting without a person. `both`: also of drafting. */
  scope: z.enum(['act', 'both']),
  /** Is known only once it happens. */
  onlyThen: z.boolean(),
  observedAt: at.nullable(),
})
export type RuleView = z.infer<typeof ruleView>

export const standingApprovalView = z.object({
  id: z.string(),
  state: z.enum(['requested', 'valid', 'rejected', 'revoked', 'expired', 'void']),
  problems: z.array(z.string()),
  digest: z.string(),
  /** What the digest is of: what people say yes to. */
  document: z.json(),
  requester: z.string(),
  reason: z.string(),
  requestedAt: at,
  expiresAt: at,
  votes: z.array(
    z.object({ voter: z.string(), decision: z.enum(['approve', 'reject']), comment: z.string(), decidedAt: at }),
  ),
  votesRequired: z.int(),
  revoked: z.object({ at, by: z.string(), reason: z.string() }).nullable(),
  can: z.object({ vote: capability, revoke: capability }),
})
export type StandingApprovalView = z.infer<typeof standingApprovalView>

export const modeView = z.object({
  service: z.string(),
  serviceName: z.string(),
  mode: z.enum(['manual', 'assisted', 'automatic']),
  /** `now`: an outage is confirmed. `if-lost`: what would be done if the primary’s region died now. */
  asked: z.enum(['now', 'if-lost']),
  verdict: z.enum(['act', 'draft', 'wait', 'refuse']),
  /** What Lifeboat does by itself, and the first reason why no more. */
  sentence: z.string(),
  from: z.object({ region: z.string(), name: z.string() }),
  to: z.object({ region: z.string(), name: z.string() }),
  rules: z.array(ruleView),
  killSwitch: z.object({ service: killSwitchView, all: killSwitchView }),
  coolDown: z
    .object({
      runId: z.string(),
      at,
      acknowledgedAt: at.nullable(),
      /** The earliest end, once it is acknowledged. */
      endsAt: at,
    })
    .nullable(),
  /** The newest, newest first. */
  standingApprovals: z.array(standingApprovalView),
  maintenance: z.object({ id: z.string(), startsAt: at, endsAt: at, reason: z.string() }).nullable(),
  policy: z.object({
    quorum: z.int(),
    minCandidates: z.int(),
    maxLossBytes: z.int(),
    maxLossSeconds: z.number(),
    maxSightAgeSeconds: z.number(),
    coolDownMinutes: z.number(),
    standingApprovalDays: z.int(),
  }),
  can: z.object({
    stop: capability,
    stopAll: capability,
    allow: capability,
    allowAll: capability,
    acknowledge: capability,
    requestStandingApproval: capability,
  }),
  observedAt: at,
})
export type ModeView = z.infer<typeof modeView>
