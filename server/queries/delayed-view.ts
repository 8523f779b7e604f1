import { appliedUpTo, judgeDelayed, receivedUpTo } from '@/server/domain/delayed'
import type { Observation } from '@/server/domain/observation'
import { slotOf } from '@/server/domain/plan/rejoin-steps'
import type { ServerConfig, ServiceConfig } from '@/server/domain/service-config'
import type { Health } from '@/server/domain/view/health'
import type { ServerJudgement } from '@/server/domain/view/server'
import type { RegionView } from './dto/service'

type DelayedView = NonNullable<RegionView['servers'][number]['delayed']>

const health: Record<DelayedView['state'], Health> = {
  'in-place': 'ok',
  held: 'paused',
  'too-far': 'degraded',
  'too-near': 'degraded',
  'not-applying': 'degraded',
  unknown: 'unknown',
}

/** A delayed standby is judged by its delay: being behind is what it is for. What is not a standby now keeps the ordinary judgement. */
export function asDelayed(
  server: ServerConfig,
  judged: ServerJudgement,
  agents: readonly Observation<'agent'>[],
): ServerJudgement {
  const facts = judged.now?.facts
  if (server.role !== 'delayed' || !facts || judged.role !== 'standby') return judged
  const { state, sentence } = judgeDelayed(facts, (server.delaySeconds ?? 0) * 1000)
  const trouble = slotTrouble(server, agents)
  if (trouble === null) return { ...judged, health: health[state], detail: sentence }
  return { ...judged, health: 'degraded', detail: `${sentence} ${trouble}` }
}

/** A slot that nobody reads from holds WAL until there is too much of it, and is then given up together with the standby. */
function slotTrouble({ id }: ServerConfig, agents: readonly Observation<'agent'>[]): string | null {
  for (const { subject, ok, facts } of agents) {
    const slot = ok ? facts?.slots.find((each) => each.name === slotOf(id)) : undefined
    if (slot?.walStatus === 'lost') return `Its slot on ${subject} has lost WAL that it needs: it has to be rebuilt.`
    if (slot?.walStatus === 'unreserved') return `Its slot on ${subject} is about to lose WAL that it needs.`
  }
  return null
}

export function delayedView(
  config: ServiceConfig,
  { server, now, role }: ServerJudgement & { server: ServerConfig },
): DelayedView {
  const delaySeconds = server.delaySeconds ?? 0
  const facts = now?.facts
  if (!facts || role === 'primary') {
    return { delaySeconds, state: 'unknown', from: null, appliedUpTo: null, receivedUpTo: null }
  }
  const upstream = config.regions.flatMap((region) => region.servers).find((each) => each.host === facts.follows?.host)
  return {
    delaySeconds,
    state: judgeDelayed(facts, delaySeconds * 1000).state,
    from: upstream?.id ?? null,
    appliedUpTo: appliedUpTo(facts),
    receivedUpTo: receivedUpTo(facts),
  }
}
