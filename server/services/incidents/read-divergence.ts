import { agentObservation } from '@/server/domain/agent-protocol'
import type { RpoFacts } from '@/server/domain/measure/measure-run'
import { isStale } from '@/server/domain/observation'
import type { Plan } from '@/server/domain/plan/types'
import type { HostAgent } from '@/server/ports/managed'
import type { Context } from '@/server/services/context'
import { type Promotion, readCandidateHeartbeat } from './measure-facts'

/**
 * What the old primary has that its successor does not, read by its agent from its own WAL. Only while the server is seen, fresh, as something
 * else than a primary, and as the very server of the plan.
 * @returns null while it cannot be asked
 * @throws what the agent throws: asking again later is right
 */
export async function readDivergence(
  ctx: Pick<Context, 'db' | 'clock'>,
  plan: Plan,
  promotion: Promotion,
  agent: HostAgent,
): Promise<RpoFacts['divergence']> {
  if (!(await mayBeRead(ctx, plan))) return null
  const found = await agent.call('divergence', { forkLsn: promotion.forkLsn, forkTimeline: plan.from.timeline })
  const since = await readCandidateHeartbeat(ctx, plan, promotion)
  const seconds =
    since && found.lastCommitAt ? Math.max(0, Date.parse(found.lastCommitAt) - since.getTime()) / 1000 : null
  const { bytes, transactions, complete, tables } = found
  return { bytes, transactions, seconds, complete, tables }
}

async function mayBeRead(ctx: Pick<Context, 'db' | 'clock'>, plan: Plan): Promise<boolean> {
  const rows = await ctx.db.observation.findMany({
    where: { serviceId: plan.service, kind: 'agent', subject: plan.from.serverId, ok: true },
  })
  return rows.some((row) => {
    const seen = agentObservation.safeParse(row.facts)
    if (
      !seen.success ||
      isStale({ observedAt: row.observedAt.toISOString(), intervalMs: row.intervalMs }, ctx.clock.now())
    ) {
      return false
    }
    const { state, role, systemIdentifier } = seen.data
    const settled = (state === 'running' && role === 'standby') || state === 'stopped'
    return settled && (systemIdentifier === null || systemIdentifier === plan.from.systemIdentifier)
  })
}
