import type { ChainEntry } from '@/server/domain/audit-chain'
import { toJson } from '@/server/domain/json'
import type { Tx } from '../tx'

const batchSize = 1_000

/** The whole audit trail, oldest first, as it is hashed. */
export async function* readAuditEntries(tx: Pick<Tx, 'auditEntry'>): AsyncGenerator<ChainEntry> {
  let after: bigint | null = null
  for (;;) {
    const rows: Awaited<ReturnType<Tx['auditEntry']['findMany']>> = await tx.auditEntry.findMany({
      where: after === null ? {} : { seq: { gt: after } },
      orderBy: { seq: 'asc' },
      take: batchSize,
    })
    for (const row of rows) {
      after = row.seq
      yield {
        seq: Number(row.seq),
        at: row.at.toISOString(),
        actor: toJson(row.actor),
        action: row.action,
        subject: row.subject,
        serviceId: row.serviceId,
        runId: row.runId,
        outcome: row.outcome,
        data: toJson(row.data),
        prevHash: row.prevHash,
        hash: row.hash,
      }
    }
    if (rows.length < batchSize) return
  }
}
