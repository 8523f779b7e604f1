import { z } from 'zod'
import { mergeOutcomes } from '@/server/domain/plan/merge-steps'
import { at, capability } from './common'

/** What a person may decide about the rows of one table. `keep` leaves them for later; `merge` is carried out by a run that is approved on its own. */
export const divergenceDecisions = ['drop', 'keep', 'merge'] as const

export const divergenceTable = z.object({
  table: z.string(),
  key: z.array(z.string()),
  inserted: z.int(),
  updated: z.int(),
  deleted: z.int(),
  kept: z.int(),
  unreadable: z.int(),
  cut: z.boolean(),
  /** What the newest merge did with its rows; null while there was none. */
  merged: z
    .object({ runId: z.string(), inserted: z.int(), identical: z.int(), conflicting: z.int(), refused: z.int() })
    .nullable(),
  decision: z.object({ decision: z.enum(divergenceDecisions), reason: z.string(), by: z.string(), at }).nullable(),
})
export type DivergenceTable = z.infer<typeof divergenceTable>

export const divergenceView = z.object({
  id: z.string(),
  service: z.string(),
  serverId: z.string(),
  region: z.string(),
  runId: z.string(),
  incidentId: z.string().nullable(),
  forkLsn: z.string(),
  forkTimeline: z.int(),
  endLsn: z.string(),
  bytes: z.number(),
  transactions: z.int(),
  lastCommitAt: at.nullable(),
  /** False when part of the WAL was missing: the counts are then lower bounds. */
  complete: z.boolean(),
  /** null while it is being written down. */
  keptAt: at.nullable(),
  rows: z.int(),
  tables: z.array(divergenceTable),
  /** Tables nobody has decided about. */
  undecided: z.int(),
  /** True when each table is dropped, or decided to be merged and every kept row of it was dealt with by a merge. */
  resolved: z.boolean(),
  can: z.object({ decide: capability, readRows: capability, requestMerge: capability }),
})
export type DivergenceView = z.infer<typeof divergenceView>

export const strandedRowView = z.object({
  seq: z.int(),
  table: z.string(),
  op: z.string(),
  /** Values as PostgreSQL's own text; null when the row could not be read. */
  row: z.record(z.string(), z.string().nullable()).nullable(),
  /** What the newest merge did with it, and why; null when none has. */
  outcome: z.enum(mergeOutcomes).nullable(),
  note: z.string().nullable(),
})
export type StrandedRowView = z.infer<typeof strandedRowView>

export const divergenceDecisionBody = z.strictObject({
  table: z.string().min(1).max(200),
  decision: z.enum(divergenceDecisions),
  reason: z.string().trim().min(3, 'Say why, in a few words').max(1000),
})
export type DivergenceDecisionBody = z.infer<typeof divergenceDecisionBody>
