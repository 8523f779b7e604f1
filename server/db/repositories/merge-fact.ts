import { z } from 'zod'
import type { Json } from '@/server/domain/json'
import type { MergeFact } from '@/server/domain/plan/facts'
import { keptTable } from '@/server/domain/plan/failback-steps'
import { noJson } from '../json'
import type { Tx } from '../tx'

type Reader = Pick<Tx, 'divergence' | 'divergenceDecision' | 'strandedRow'>

/** A divergence of this service as a merge is planned from it, with what is decided about each table; null when there is none. */
export async function readMergeFact(tx: Reader, serviceId: string, id: Json | undefined): Promise<MergeFact | null> {
  if (typeof id !== 'string') return null
  const row = await tx.divergence.findFirst({ where: { id, serviceId } })
  if (!row) return null
  const decisions = await tx.divergenceDecision.findMany({ where: { divergenceId: id } })
  const readable = await tx.strandedRow.groupBy({
    by: ['tableName', 'op'],
    where: { divergenceId: id, NOT: { row: { equals: noJson } } },
    _count: { seq: true },
  })
  const countOf = (table: string, op: string): number =>
    readable.find((each) => each.tableName === table && each.op === op)?._count.seq ?? 0
  return {
    id,
    serverId: row.serverId,
    region: row.region,
    keptAt: row.keptAt?.toISOString() ?? null,
    tables: z
      .array(keptTable)
      .parse(row.tables)
      .map(({ table, key, unreadable, cut }) => ({
        ...{ table, key, unreadable, cut },
        decision: decisions.find((each) => each.tableName === table)?.decision ?? null,
        inserts: countOf(table, 'insert'),
        updates: countOf(table, 'update'),
      })),
  }
}
