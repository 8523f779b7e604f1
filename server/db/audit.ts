import type { Actor } from '@/server/domain/actor'
import { entryHash } from '@/server/domain/audit-chain'
import { type JsonObject, toJson } from '@/server/domain/json'
import type { Tx } from './tx'

export type NewAuditEntry = {
  at: Date
  actor: Actor
  action: string
  subject: string
  serviceId: string | null
  runId: string | null
  outcome: 'allow' | 'deny' | 'ok' | 'failed'
  data: JsonObject
}

type Head = { seq: number; hash: string }

/** The head as this process last left it: mostly still so. Only a guess, which the control database confirms or refuses. */
let guess: Head | null = null

/**
 * Appends to the chain, in the transaction of what it tells: if this cannot be written, that does not happen. The head is one row, locked until the
 * transaction ends, so that the chain has no forks; call it last, to hold that lock briefly.
 */
export async function appendAudit(tx: Tx, entry: NewAuditEntry): Promise<Head> {
  const guessed = guess && (await appendAfter(tx, guess, entry))
  const made = guessed ?? (await appendAfter(tx, await lockHead(tx), entry))
  if (!made) throw new Error('The head of the audit trail moved while it was locked')
  guess = made
  return made
}

async function lockHead(tx: Tx): Promise<Head> {
  const heads = await tx.$queryRaw<
    { seq: bigint; hash: string }[]
  >`SELECT seq, hash FROM audit_head WHERE id = 1 FOR UPDATE`
  const head = heads[0]
  if (!head) throw new Error('The head of the audit trail cannot be read')
  return { seq: Number(head.seq), hash: head.hash }
}

/** Moves the head from exactly `head` and writes the entry that follows it, or does neither. @returns null when the head is another */
async function appendAfter(tx: Tx, head: Head, entry: NewAuditEntry): Promise<Head | null> {
  const seq = head.seq + 1
  const content = {
    seq,
    at: entry.at.toISOString(),
    actor: toJson(entry.actor),
    action: entry.action,
    subject: entry.subject,
    serviceId: entry.serviceId,
    runId: entry.runId,
    outcome: entry.outcome,
    data: toJson(entry.data),
    prevHash: head.hash,
  }
  const hash = entryHash(content)
  const written = await tx.$executeRaw`
    WITH moved AS (
      UPDATE audit_head SET seq = ${seq}, hash = ${hash} WHERE id = 1 AND seq = ${head.seq} AND hash = ${head.hash}
      RETURNING seq)
    INSERT INTO audit_entry (seq, at, actor, action, subject, service_id, run_id, outcome, data, prev_hash, hash)
    SELECT seq, ${entry.at}::timestamptz, ${JSON.stringify(content.actor)}::jsonb, ${entry.action}, ${entry.subject}, ${entry.serviceId},
           ${entry.runId}, ${entry.outcome}, ${JSON.stringify(content.data)}::jsonb, ${head.hash}, ${hash}
      FROM moved`
  return written === 0 ? null : { seq, hash }
}
