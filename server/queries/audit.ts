import type { Db } from '@/server/db/client'
import { type ChainEntry, verifyChain } from '@/server/domain/audit-chain'
import { toJson } from '@/server/domain/json'
import type { Context } from '@/server/services/context'
import { requireAnywhere, servicesWith } from './access'
import type { AuditEntryView, AuditVerification } from './dto/records'
import { iso, whoText, whoType } from './read'
import { badCursor } from './runs'

export type AuditFilter = {
  service?: string
  run?: string
  action?: string
  /** E-mail address or id. */
  actor?: string
  outcome?: string
  from?: string
  to?: string
}

type Row = Awaited<ReturnType<Db['auditEntry']['findFirstOrThrow']>>

/** Entries that the caller may read, newest first. Entries of no service are for those who may read every service's. */
export async function listAudit(
  ctx: Context,
  filter: AuditFilter & { cursor?: string; limit: number },
): Promise<{ items: AuditEntryView[]; nextCursor: string | null }> {
  requireAnywhere(ctx, 'audit.read')
  if (filter.cursor !== undefined && !/^\d{1,15}$/.test(filter.cursor)) throw badCursor()
  const rows = await ctx.db.auditEntry.findMany({
    where: where(ctx, filter, filter.cursor === undefined ? null : { lt: BigInt(filter.cursor) }),
    orderBy: { seq: 'desc' },
    take: filter.limit + 1,
  })
  const shown = rows.slice(0, filter.limit)
  const last = shown[shown.length - 1]
  return { items: shown.map(view), nextCursor: rows.length > filter.limit && last ? String(last.seq) : null }
}

const batchSize = 1000

/** Every entry that passes the filter, oldest first, in batches, for export. */
export async function* exportAudit(ctx: Context, filter: AuditFilter): AsyncGenerator<AuditEntryView[]> {
  requireAnywhere(ctx, 'audit.read')
  let after = 0n
  for (;;) {
    const rows = await ctx.db.auditEntry.findMany({
      where: where(ctx, filter, { gt: after }),
      orderBy: { seq: 'asc' },
      take: batchSize,
    })
    if (rows.length > 0) yield rows.map(view)
    const last = rows[rows.length - 1]
    if (!last || rows.length < batchSize) return
    after = last.seq
  }
}

/**
 * Recomputes the whole chain in one snapshot of the control database and compares it with the heads that were published. The copies of those
 * heads that are read here are this database's own; the command line compares with the stores themselves.
 */
export async function verifyAudit(ctx: Context): Promise<AuditVerification> {
  requireAnywhere(ctx, 'audit.read')
  const verdict = await ctx.db.$transaction(
    async (tx) => {
      const head = await tx.auditHead.findUnique({ where: { id: 1 } })
      const anchors = await tx.auditAnchor.findMany({ orderBy: [{ seq: 'asc' }, { store: 'asc' }] })
      return verifyChain(
        chain(tx),
        anchors.map((each) => ({
          store: each.store,
          seq: Number(each.seq),
          hash: each.hash,
          anchoredAt: iso(each.anchoredAt),
        })),
        { seq: Number(head?.seq ?? 0), hash: head?.hash ?? '' },
      )
    },
    { isolationLevel: 'RepeatableRead', maxWait: 5_000, timeout: 120_000 },
  )
  return {
    ...verdict,
    anchors: verdict.anchors.map(({ store, seq, anchoredAt, matches }) => ({ store, seq, anchoredAt, matches })),
    verifiedAt: new Date(ctx.clock.now()).toISOString(),
  }
}

async function* chain(db: Pick<Db, 'auditEntry'>): AsyncGenerator<ChainEntry> {
  let after = -1n
  for (;;) {
    const rows = await db.auditEntry.findMany({
      where: { seq: { gt: after } },
      orderBy: { seq: 'asc' },
      take: batchSize,
    })
    for (const row of rows) {
      yield { ...plain(row), actor: toJson(row.actor) }
      after = row.seq
    }
    if (rows.length < batchSize) return
  }
}

function where(ctx: Context, filter: AuditFilter, seq: { lt: bigint } | { gt: bigint } | null) {
  const readable = servicesWith(ctx.grants, 'audit.read')
  return {
    AND: [
      readable ? { serviceId: { in: readable } } : {},
      filter.service ? { serviceId: filter.service } : {},
      filter.run ? { runId: filter.run } : {},
      filter.action ? { action: filter.action } : {},
      filter.outcome ? { outcome: filter.outcome } : {},
      filter.actor
        ? {
            OR: [
              { actor: { path: ['email'], equals: filter.actor } },
              { actor: { path: ['id'], equals: filter.actor } },
            ],
          }
        : {},
      filter.from ? { at: { gte: new Date(filter.from) } } : {},
      filter.to ? { at: { lt: new Date(filter.to) } } : {},
      seq ? { seq } : {},
    ],
  }
}

function plain(row: Row) {
  return {
    seq: Number(row.seq),
    at: iso(row.at),
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

function view(row: Row): AuditEntryView {
  const { serviceId, ...entry } = plain(row)
  return { ...entry, service: serviceId, actor: whoText(row.actor), actorType: whoType(row.actor) }
}
