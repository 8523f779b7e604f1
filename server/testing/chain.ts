import type { Db } from '@/server/db/client'
import type { ChainEntry } from '@/server/domain/audit-chain'
import { toJson } from '@/server/domain/json'

/** The audit trail of a test's control database, oldest first, as the verifier takes it. */
export async function readChain(db: Db): Promise<ChainEntry[]> {
  const rows = await db.auditEntry.findMany({ orderBy: { seq: 'asc' } })
  return rows.map((row) => ({
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
  }))
}
