import { z } from 'zod'
import type { Db } from '@/server/db/client'
import { type MergeOutcomeKind, mergeOutcomes } from '@/server/domain/plan/merge-steps'
import type { DivergenceTable } from './dto/divergence'

const counted = z.array(
  z.object({
    divergenceId: z.string(),
    table: z.string(),
    runId: z.string(),
    outcome: z.enum(mergeOutcomes),
    rows: z.int(),
  }),
)
export type MergedCount = z.infer<typeof counted>[number]

/** What became of kept rows, by table, as the newest merge run that dealt with each said. */
export async function countMerged(db: Db, ids: readonly string[]): Promise<MergedCount[]> {
  if (ids.length === 0) return []
  const found = await db.$queryRaw`
    SELECT n.divergence_id AS "divergenceId", n.table_name AS "table", n.outcome, max(n.run_id) AS "runId", count(*)::int AS rows
      FROM (SELECT DISTINCT ON (divergence_id, seq) * FROM merge_outcome
             WHERE divergence_id = ANY(${[...ids]}) ORDER BY divergence_id, seq, at DESC) AS n
     GROUP BY 1, 2, 3`
  return counted.parse(found)
}

/** null when no merge has dealt with the table. */
export function mergedCounts(all: readonly MergedCount[], id: string, table: string): DivergenceTable['merged'] {
  const own = all.filter((each) => each.divergenceId === id && each.table === table)
  const [first] = own
  if (!first) return null
  const of = (outcome: MergeOutcomeKind): number => own.find((each) => each.outcome === outcome)?.rows ?? 0
  return {
    runId: first.runId,
    inserted: of('inserted'),
    identical: of('identical'),
    conflicting: of('conflicting'),
    refused: of('refused'),
  }
}

export function dealtWith(merged: DivergenceTable['merged']): number {
  return merged ? merged.inserted + merged.identical + merged.conflicting + merged.refused : 0
}

const rowOutcome = z.enum(mergeOutcomes)

/** The newest word on each of these rows. */
export async function readOutcomes(db: Db, id: string, seqs: readonly number[]) {
  const rows = await db.mergeOutcome.findMany({
    where: { divergenceId: id, seq: { in: [...seqs] } },
    orderBy: { at: 'asc' },
  })
  return new Map(rows.map(({ seq, outcome, note }) => [seq, { outcome: rowOutcome.parse(outcome), note }]))
}
