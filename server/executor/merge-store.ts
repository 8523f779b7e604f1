import { z } from 'zod'
import type { MergeOutcomeKind } from '@/server/domain/plan/merge-steps'
import type { DivergenceStore } from '@/server/ports/divergence-store'
import type { Journal } from './journal'
import { underLease } from './lease'
import { fromControl } from './types'

const values = z.record(z.string(), z.string().nullable()).nullable()
const op = z.enum(['insert', 'update'])

/** Kept rows and what a merge did with them, in the control database; outcomes are written under the run's lease. */
export function mergeStore({ deps, lease }: Journal): Pick<DivergenceStore, 'rows' | 'putOutcomes' | 'countOutcomes'> {
  const { runId } = lease
  /** Sequence numbers past `after` of which this run said one of `outcomes`. */
  const saidBy = async (
    id: string,
    table: string,
    after: number,
    limit: number,
    outcomes: readonly MergeOutcomeKind[],
  ) => {
    const found = await deps.db.mergeOutcome.findMany({
      where: { runId, divergenceId: id, tableName: table, seq: { gt: after }, outcome: { in: [...outcomes] } },
      orderBy: { seq: 'asc' },
      take: limit,
      select: { seq: true },
    })
    return found.map((each) => each.seq)
  }
  return {
    async rows(id, table, after, limit, outcomes) {
      const wanted = outcomes ? await fromControl(saidBy(id, table, after, limit, outcomes)) : null
      const seq = wanted ? { in: wanted } : { gt: after }
      const rows = await fromControl(
        deps.db.strandedRow.findMany({
          where: { divergenceId: id, tableName: table, seq },
          orderBy: { seq: 'asc' },
          take: limit,
        }),
      )
      return rows.map((each) => ({
        table,
        seq: each.seq,
        op: op.parse(each.op),
        row: values.parse(each.row),
      }))
    },
    async putOutcomes(id, outcomes) {
      if (outcomes.length === 0) return
      const data = outcomes.map(({ seq, table, outcome, note }) => ({
        ...{ runId, seq, divergenceId: id, tableName: table, outcome, note },
      }))
      await underLease(deps, lease, 'merge.outcomes', (tx) =>
        tx.mergeOutcome.createMany({ data, skipDuplicates: true }),
      )
    },
    async countOutcomes(id) {
      const found = await fromControl(
        deps.db.mergeOutcome.groupBy({
          by: ['tableName', 'outcome'],
          where: { runId, divergenceId: id },
          _count: { seq: true },
        }),
      )
      return found.map(({ tableName, outcome, _count }) => ({ table: tableName, outcome, rows: _count.seq }))
    },
  }
}
