import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { appendAudit } from '@/server/db/audit'
import { emitEvent } from '@/server/db/events'
import { noJson } from '@/server/db/json'
import type { Tx } from '@/server/db/tx'
import { toJson } from '@/server/domain/json'
import { keptTable } from '@/server/domain/plan/failback-steps'
import type { DivergenceStore, KeptDivergence } from '@/server/ports/divergence-store'
import type { Journal } from './journal'
import { underLease } from './lease'
import { mergeStore } from './merge-store'
import { fromControl } from './types'

/** Rows of one insert: well below what one statement may carry. */
const batch = 500

type Row = { id: string; serverId: string; tables: unknown; keptAt: Date | null; _count: { rows: number } }
const counted = { _count: { select: { rows: true } } } as const

const view = (row: Row): KeptDivergence => ({
  id: row.id,
  serverId: row.serverId,
  rows: row._count.rows,
  tables: z.array(keptTable).parse(toJson(row.tables)),
  keptAt: row.keptAt?.toISOString() ?? null,
})

/** The store in the control database, written under the run's lease: a worker that no longer leads can add nothing. */
export function divergenceStore(journal: Journal): DivergenceStore {
  const { deps, lease, plan } = journal
  const find = (id: string) => deps.db.divergence.findUnique({ where: { id }, include: counted })
  return {
    begin: (found) =>
      underLease(deps, lease, 'divergence.begin', async (tx) => {
        const { serverId, forkTimeline, forkLsn, endLsn } = found
        const key = { serviceId: plan.service, serverId, forkTimeline, forkLsn, endLsn }
        const row = await tx.divergence.upsert({
          where: { serviceId_serverId_forkTimeline_forkLsn_endLsn: key },
          create: { ...found, ...key, id: randomUUID(), runId: lease.runId, tables: [] },
          update: {},
          include: counted,
        })
        return view(row)
      }),
    async putRows(id, rows) {
      for (let from = 0; from < rows.length; from += batch) {
        const data = rows.slice(from, from + batch).map(({ seq, table, op, row }) => ({
          divergenceId: id,
          seq,
          tableName: table,
          op,
          row: row ?? noJson,
        }))
        await underLease(deps, lease, 'divergence.rows', (tx) =>
          tx.strandedRow.createMany({ data, skipDuplicates: true }),
        )
      }
    },
    keep: (id, tables) =>
      underLease(deps, lease, 'divergence.keep', async (tx) => {
        const at = new Date(deps.clock.now())
        const kept = await tx.divergence.updateMany({
          where: { id, keptAt: null },
          data: { keptAt: at, tables: [...tables] },
        })
        const row = await tx.divergence.findUniqueOrThrow({ where: { id }, include: counted })
        if (kept.count > 0) await writeTrail(journal, tx, view(row), at)
        return view(row)
      }),
    async read(id) {
      const row = await fromControl(find(id))
      if (!row) return null
      const decided = await fromControl(deps.db.divergenceDecision.findMany({ where: { divergenceId: id } }))
      return { ...view(row), decisions: Object.fromEntries(decided.map((each) => [each.tableName, each.decision])) }
    },
    ...mergeStore(journal),
  }
}

async function writeTrail({ deps, lease, plan }: Journal, tx: Tx, kept: KeptDivergence, at: Date): Promise<void> {
  const { runId } = lease
  await emitEvent(tx, { kind: 'service.changed', serviceId: plan.service, runId, data: { divergenceId: kept.id } })
  await appendAudit(tx, {
    at,
    actor: deps.worker,
    action: 'divergence.keep',
    subject: `divergence/${kept.id}`,
    serviceId: plan.service,
    runId,
    outcome: 'ok',
    data: { serverId: kept.serverId, rows: kept.rows, tables: toJson(kept.tables) },
  })
}
