import type { Context } from '@/server/services/context'
import { ServiceError } from '@/server/services/errors'
import { requireAnywhere, requireFound, servicesWith } from './access'
import type { RunSummary, RunView } from './dto/run'
import { decodeCursor, encodeCursor } from './read'
import { planSummaries, runSummary, summaryInclude } from './run-rows'
import { loadRunRow, runView } from './run-view'

export type RunFilter = {
  service?: string
  state?: string[]
  /** Those on which the caller could decide now. */
  waitingForMe?: boolean
  cursor?: string
  limit: number
}

/** Runs that the caller may read, newest first. */
export async function listRuns(
  ctx: Context,
  filter: RunFilter,
): Promise<{ items: RunSummary[]; nextCursor: string | null }> {
  requireAnywhere(ctx, 'run.read')
  const after = filter.cursor === undefined ? null : cursorOf(filter.cursor)
  const rows = await ctx.db.run.findMany({
    where: {
      AND: [
        { serviceId: inServices(ctx, 'run.read') },
        filter.service ? { serviceId: filter.service } : {},
        filter.state && filter.state.length > 0 ? { state: { in: filter.state } } : {},
        filter.waitingForMe ? waitingForMe(ctx) : {},
        after ? { OR: [{ requestedAt: { lt: after.at } }, { requestedAt: after.at, id: { lt: after.id } }] } : {},
      ],
    },
    include: summaryInclude,
    orderBy: [{ requestedAt: 'desc' }, { id: 'desc' }],
    take: filter.limit + 1,
  })
  const shown = rows.slice(0, filter.limit)
  const last = shown[shown.length - 1]
  const summaries = await planSummaries(
    ctx.db,
    shown.map((row) => row.planId),
  )
  return {
    items: shown.map((row) => runSummary(row, summaries.get(row.planId) ?? '')),
    nextCursor: rows.length > filter.limit && last ? encodeCursor([last.requestedAt.getTime(), last.id]) : null,
  }
}

/** @throws ServiceError not-found */
export async function getRun(ctx: Context, id: string): Promise<RunView> {
  const row = requireFound(ctx, 'run.read', 'run', await loadRunRow(ctx.db, id))
  return runView(ctx, row)
}

function waitingForMe(ctx: Context) {
  return {
    state: 'awaiting_approval',
    expiresAt: { gt: new Date(ctx.clock.now()) },
    serviceId: inServices(ctx, 'run.approve'),
    requesterId: { not: ctx.actor.id },
    approvals: { none: { userId: ctx.actor.id } },
  }
}

function inServices(ctx: Context, right: 'run.read' | 'run.approve'): { in: string[] } | undefined {
  const ids = servicesWith(ctx.grants, right)
  return ids ? { in: ids } : undefined
}

function cursorOf(cursor: string): { at: Date; id: string } {
  const [at, id] = decodeCursor(cursor) ?? []
  if (typeof at !== 'number' || typeof id !== 'string') throw badCursor()
  return { at: new Date(at), id }
}

export function badCursor(): ServiceError {
  return new ServiceError(
    'invalid',
    'The cursor is not one that a list gave out.',
    'Nothing was read.',
    'Begin again without a cursor.',
    [{ path: 'query.cursor', message: 'not a cursor' }],
  )
}
