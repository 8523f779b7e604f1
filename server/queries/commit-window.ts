import { newestCommitWindow } from '@/server/db/repositories/commit-windows'
import { type CommitWindowFact, goingBackLoss } from '@/server/domain/commit-window'
import { factsByKind, isStale } from '@/server/domain/observation'
import { may, rolesWith } from '@/server/domain/rights'
import type { Context } from '@/server/services/context'
import { notFound } from './access'
import type { CommitWindowView } from './dto/commit-window'
import type { Capability } from './dto/common'
import { iso, whoText } from './read'

/** The way back that the newest failover left, and what taking it would lose now. @throws ServiceError not-found */
export async function getCommitWindow(ctx: Context, service: string): Promise<CommitWindowView> {
  const known = await ctx.db.service.count({ where: { id: service } })
  if (known === 0 || !may(ctx.grants, 'service.read', service)) throw notFound('service')
  const observedAt = new Date(ctx.clock.now()).toISOString()
  const fact = await newestCommitWindow(ctx.db, service)
  return { service, window: fact ? await windowView(ctx, service, fact) : null, observedAt }
}

async function windowView(
  ctx: Context,
  service: string,
  fact: CommitWindowFact,
): Promise<NonNullable<CommitWindowView['window']>> {
  const row = await ctx.db.commitWindow.findUniqueOrThrow({ where: { runId: fact.runId } })
  const nowMs = ctx.clock.now()
  // Between the moment it ends and the worker's next look it has ended all the same.
  const state = fact.state === 'open' && row.endsAt.getTime() <= nowMs ? 'ended' : fact.state
  const seen = await positionOf(ctx, service, row.writerServerId)
  const loss = goingBackLoss({ ...row, forkedAt: iso(row.forkedAt) }, seen)
  return {
    ...fact,
    state,
    writerServerId: row.writerServerId,
    openedAt: iso(row.openedAt),
    decidedBy: row.decidedBy ? whoText(row.decidedBy) : null,
    decidedAt: row.decidedAt ? iso(row.decidedAt) : null,
    reason: row.reason,
    goingBack: { ...loss, stale: seen === null || isStale(seen, nowMs) },
    can: { commit: mayCommit(ctx, service, state) },
  }
}

/** The furthest that the new primary was seen at, from any vantage point: its agent's own time counts. */
async function positionOf(ctx: Context, service: string, serverId: string) {
  const rows = await ctx.db.observation.findMany({ where: { serviceId: service, kind: 'agent', subject: serverId } })
  const seen = rows.flatMap((row) => {
    const facts = factsByKind.agent.safeParse(row.facts)
    if (!facts.success || facts.data.role !== 'primary') return []
    return [{ currentLsn: facts.data.currentLsn, observedAt: facts.data.observedAt, intervalMs: row.intervalMs }]
  })
  seen.sort((a, b) => Date.parse(b.observedAt) - Date.parse(a.observedAt))
  return seen[0] ?? null
}

function mayCommit(ctx: Context, service: string, state: CommitWindowFact['state']): Capability {
  if (!may(ctx.grants, 'commit-window.decide', service)) {
    const roles = rolesWith('commit-window.decide').join(' or ')
    return { allowed: false, reason: `This needs the role ${roles} on this service.` }
  }
  if (state !== 'open') return { allowed: false, reason: 'The window is not open any more.' }
  return { allowed: true, reason: null }
}
