import { z } from 'zod'
import { finding } from '../finding'

/** The plan: complete, immutable, and what an approval is for. `digestOf(plan)` is its name. */
export const runKinds = [
  'failover',
  'switchover',
  'failback',
  'evacuate',
  'restore',
  'merge',
  'backup',
  'verify',
  'drill',
  'rebuild',
] as const

export type RunKind = (typeof runKinds)[number]

export const phases = ['detection', 'notification', 'response', 'recovery', 'verification'] as const
export type Phase = (typeof phases)[number]

export const planStep = z.object({
  /** Unique in the plan and sortable: `05-postgres.promote-candidate`. */
  key: z.string(),
  /** The step in the catalogue; never renamed. */
  stepId: z.string(),
  title: z.string(),
  /** What the operator reads: one sentence with actor, object and place. */
  description: z.string(),
  /** What a person would type instead: arguments as an array, one array a command. */
  commands: z.array(z.array(z.string())),
  input: z.record(z.string(), z.json()),
  /** What the mission allows it; the page shows the clock against this. */
  budgetMs: z.int().min(1),
  /** After this the step has failed. At least the budget. */
  deadlineMs: z.int().min(1),
  maxAttempts: z.int().min(1),
  reversible: z.boolean(),
  /** How it is taken back, or why it cannot be. */
  undo: z.string(),
  pointOfNoReturn: z.boolean(),
  /** May a person skip it, with a reason? Never for fence, promote and proof. */
  skippable: z.boolean(),
  changes: z.string().nullable(),
})
export type PlanStep = z.infer<typeof planStep>

export const lossStatement = z.object({
  /** `none`: proved zero · `bounded`: at most this · `unknown`: cannot be known now. */
  certainty: z.enum(['exact', 'bounded', 'unknown']),
  /** Last position known of the lost primary, and when it was seen. */
  primaryLsn: z.string().nullable(),
  primaryLsnAt: z.string().nullable(),
  candidateLsn: z.string().nullable(),
  candidateLsnAt: z.string().nullable(),
  bytes: z.number().nullable(),
  seconds: z.number().nullable(),
  /** What may have been written after the last sight of the primary, in words. */
  beyond: z.string(),
})
export type LossStatement = z.infer<typeof lossStatement>

export const plan = z.object({
  schema: z.literal(1),
  service: z.string(),
  kind: z.enum(runKinds),
  /** One sentence: what it does, to what, from where to where. */
  summary: z.string(),
  inputs: z.record(z.string(), z.json()),
  builtAt: z.string(),
  /** Digest of the service's configuration and of the servers' identities when it was built. */
  configDigest: z.string(),
  from: z.object({ region: z.string(), serverId: z.string(), systemIdentifier: z.string(), timeline: z.int() }),
  to: z.object({ region: z.string(), serverId: z.string(), systemIdentifier: z.string(), timeline: z.int() }),
  incidentId: z.string().nullable(),
  steps: z.array(planStep),
  findings: z.array(finding),
  /** Rules that break-glass overrides by name, with what is risked; empty for an ordinary plan. */
  overrides: z.array(z.object({ code: z.string(), risk: z.string() })),
  /** With overrides: the run must have begun and reached its point of no return by then. */
  timeBox: z.object({ minutes: z.int(), notAfter: z.string() }).optional(),
  expected: z.object({
    rtoSeconds: z.object({ low: z.number(), high: z.number() }),
    /** Where the expected time goes, for the arithmetic on the page. */
    parts: z.array(z.object({ label: z.string(), seconds: z.number() })),
    loss: lossStatement,
  }),
})
export type Plan = z.infer<typeof plan>
