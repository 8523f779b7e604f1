import { z } from 'zod'

/** What a merge is asked with: which kept rows. What becomes of each table was decided before, on the divergence's page. */
export const mergeRequest = z.strictObject({ divergenceId: z.string().min(1).max(100) })

/** `rows` were inserted there and are put in; `kept` counts those that are only told of, too. */
const tables = z
  .array(z.object({ table: z.string(), key: z.array(z.string()).min(1), rows: z.int().min(0), kept: z.int().min(0) }))
  .min(1)
const writer = { serverId: z.string(), region: z.string(), systemIdentifier: z.string(), timeline: z.int() }

/** The steps by which rows that only a returned server had are put into the present primary. */
export const mergeInputs = {
  'postgres.check-merge': z.object({ ...writer, divergenceId: z.string(), tables }),
  'agent.merge-rows': z.object({
    ...writer,
    divergenceId: z.string(),
    tables,
    /** Of one batch. */
    callDeadlineMs: z.int().min(1_000),
  }),
  'postgres.verify-merged': z.object({ ...writer, divergenceId: z.string(), tables, outputStepKey: z.string() }),
} as const

export const mergeOutcomes = ['inserted', 'identical', 'conflicting', 'refused'] as const
export type MergeOutcomeKind = (typeof mergeOutcomes)[number]

export const checkMergeOutput = z.object({
  tables: z.array(z.object({ table: z.string(), triggers: z.array(z.string()) })),
})

const mergedTable = z.object({
  table: z.string(),
  inserted: z.int(),
  identical: z.int(),
  conflicting: z.int(),
  refused: z.int(),
})
export type MergedTable = z.infer<typeof mergedTable>
export const mergeOutput = z.object({ divergenceId: z.string(), tables: z.array(mergedTable) })

export const verifyMergedOutput = z.object({
  /** Rows that were put in and are there as they were kept. */
  asKept: z.int(),
  /** There, and changed by someone since. */
  changedSince: z.int(),
})
