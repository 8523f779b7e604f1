import { z } from 'zod'
import { phases, plan, runKinds } from '@/server/domain/plan/types'
import { runStates, stepStates } from '@/server/domain/run/states'
import { at, capability } from './common'

export const measuredRun = z.object({
  /** From the last good to the first verified-good observation as users reach the service; null while it is not over. */
  rtoSeconds: z.number().nullable(),
  /** Half-width given by the probe interval. */
  rtoUncertaintySeconds: z.number().nullable(),
  lastGoodAt: at.nullable(),
  firstGoodAt: at.nullable(),
  phases: z.array(
    z.object({
      phase: z.enum(phases),
      seconds: z.number().nullable(),
      startedAt: at.nullable(),
      endedAt: at.nullable(),
    }),
  ),
  rpo: z.object({
    certainty: z.enum(['exact', 'bounded', 'unknown']),
    seconds: z.number().nullable(),
    bytes: z.number().nullable(),
    rows: z.number().nullable(),
    /** Committed transactions; absent in what was measured before they were counted. */
    transactions: z.number().nullable().optional(),
    tables: z.array(z.object({ table: z.string(), inserted: z.int(), updated: z.int(), deleted: z.int() })),
    note: z.string(),
    /** The figure known before the old server was readable again, kept beside the exact one. */
    earlier: z
      .object({ certainty: z.string(), seconds: z.number().nullable(), bytes: z.number().nullable() })
      .nullable(),
  }),
})
export type MeasuredRun = z.infer<typeof measuredRun>

export const stepView = z.object({
  key: z.string(),
  stepId: z.string(),
  title: z.string(),
  description: z.string(),
  commands: z.array(z.array(z.string())),
  changes: z.string().nullable(),
  state: z.enum(stepStates),
  attempts: z.int(),
  maxAttempts: z.int(),
  startedAt: at.nullable(),
  endedAt: at.nullable(),
  budgetMs: z.int(),
  deadlineAt: at.nullable(),
  progress: z.string().nullable(),
  progressPart: z.number().nullable(),
  progressAt: at.nullable(),
  output: z.json().nullable(),
  error: z.object({ kind: z.string(), message: z.string() }).nullable(),
  skipReason: z.string().nullable(),
  reversible: z.boolean(),
  undo: z.string(),
  pointOfNoReturn: z.boolean(),
  skippable: z.boolean(),
  can: z.object({ retry: capability, skip: capability }),
})
export type StepView = z.infer<typeof stepView>

export const approvalView = z.object({
  id: z.string(),
  approver: z.string(),
  decision: z.enum(['approve', 'reject']),
  comment: z.string(),
  digest: z.string(),
  decidedAt: at,
  expiresAt: at,
  usedAt: at.nullable(),
  /** False when the approver has lost the right or the account since. */
  stillHolds: z.boolean(),
})

export const runSummary = z.object({
  id: z.string(),
  service: z.string(),
  serviceName: z.string(),
  kind: z.enum(runKinds),
  state: z.enum(runStates),
  direction: z.enum(['forward', 'backward']),
  summary: z.string(),
  requester: z.string(),
  reason: z.string(),
  requestedAt: at,
  expiresAt: at,
  startedAt: at.nullable(),
  endedAt: at.nullable(),
  stateReason: z.string().nullable(),
  digest: z.string(),
  approvals: z.object({ given: z.int(), required: z.int() }),
  stepsDone: z.int(),
  stepsTotal: z.int(),
  rtoSeconds: z.number().nullable(),
})
export type RunSummary = z.infer<typeof runSummary>

export const runView = runSummary.extend({
  version: z.int(),
  plan: plan.extend({ digest: z.string(), steps: z.array(stepView) }),
  approvalList: z.array(approvalView),
  eligibleApprovers: z.array(z.object({ name: z.string(), email: z.string() })),
  generation: z.int().nullable(),
  incidentId: z.string().nullable(),
  pointOfNoReturnPassed: z.boolean(),
  currentStepKey: z.string().nullable(),
  requested: z.object({ what: z.enum(['pause', 'abort']), by: z.string(), reason: z.string() }).nullable(),
  targets: z.object({ rtoSeconds: z.int(), detectionSeconds: z.int(), failoverSeconds: z.int(), rpoSeconds: z.int() }),
  /** When the clock of this run's RTO began: last good observation, else the request. */
  clockStartedAt: at,
  measured: measuredRun.nullable(),
  /** Which worker leads it, and when it last wrote. */
  leader: z.object({ worker: z.string(), expiresAt: at }).nullable(),
  can: z.object({ approve: capability, reject: capability, pause: capability, resume: capability, abort: capability }),
  observedAt: at,
})
export type RunView = z.infer<typeof runView>

export const requestRunBody = z.object({
  kind: z.enum(runKinds),
  inputs: z.record(z.string(), z.json()).default({}),
  reason: z.string().trim().min(3, 'say why, in a few words').max(1000),
})
export const decisionBody = z.object({
  decision: z.enum(['approve', 'reject']),
  digest: z.string().regex(/^[0-9a-f]{64}$/, 'the digest of the plan that was shown: 64 hex digits'),
  comment: z.string().trim().max(1000).default(''),
})
export const controlBody = z.object({
  reason: z.string().trim().min(3, 'say why, in a few words').max(1000),
  stepKey: z.string().optional(),
})

/** A plan that is not opened as a run: what the wizard shows before anyone asks. */
export const planPreview = z.object({
  plan: plan.extend({ digest: z.string() }),
  runnable: z.boolean(),
  reasons: z.array(z.string()),
  targets: z.object({ rtoSeconds: z.int(), rpoSeconds: z.int() }),
})
export type PlanPreview = z.infer<typeof planPreview>
