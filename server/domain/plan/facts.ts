import type { z } from 'zod'
import type { CommitWindowFact } from '../commit-window'
import type { JsonObject } from '../json'
import { type factsByKind, isStale, type Observation, type ObservationKind } from '../observation'
import type { RegionConfig, ServerConfig, ServiceConfig } from '../service-config'
import type { StepDescriber } from './describe'

/** A promotion of the past, from the journal of its run: where one history branched off another. */
export type PromotionFact = {
  runId: string
  incidentId: string | null
  fromServerId: string
  fromTimeline: number
  toTimeline: number
  forkLsn: string
  promotedAt: string
}

/** A kept divergence as a merge is planned from it. */
export type MergeFact = {
  id: string
  serverId: string
  region: string
  keptAt: string | null
  tables: readonly {
    table: string
    key: readonly string[]
    decision: string | null
    /** Kept rows that were inserted there, with their content. */
    inserts: number
    /** Kept rows that were there at the fork and were changed. */
    updates: number
    unreadable: number
    cut: boolean
  }[]
}

/** Everything that a plan is built from. The planner reads nothing else, so equal facts give equal plans. */
export type PlanFacts = {
  config: ServiceConfig
  configDigest: string
  writer: {
    serverId: string
    region: string
    timeline: number
    systemIdentifier: string
    generation: number
  } | null
  observations: readonly Observation[]
  incident: { id: string; lastGoodAt: string | null; primaryLsn: string | null; primaryLsnAt: string | null } | null
  activeRun: { id: string; kind: string; state: string } | null
  nowMs: number
  /** `assume: 'primary-lost'` asks "what if it died now"; `breakGlass` names the blockers to override. */
  inputs: JsonObject
  describe: StepDescriber
  mayBreakGlass: boolean
  /** The way back that the newest failover left; null when there is none. */
  commitWindow?: CommitWindowFact | null
  /** What only a returned server had and what was decided about it; read for a merge. */
  divergence?: MergeFact | null
  /** Promotions that runs of this service carried out; read for a failback. */
  promotions?: readonly PromotionFact[]
  /** Seconds that each step took in past runs of this service, newest last; absent when there were none. */
  history?: Readonly<Record<string, readonly number[]>>
}

/** What is so about one subject: its newest observation a vantage point, newest first. */
export function seen<K extends ObservationKind>(facts: PlanFacts, kind: K, subject: string): Observation<K>[] {
  return facts.observations
    .filter((each): each is Observation<K> => each.kind === kind && each.subject === subject)
    .sort((a, b) => Date.parse(b.observedAt) - Date.parse(a.observedAt))
}

/** The same, without what is too old to count. */
export function seenLately<K extends ObservationKind>(facts: PlanFacts, kind: K, subject: string): Observation<K>[] {
  return seen(facts, kind, subject).filter((each) => !isStale(each, facts.nowMs))
}

/**
 * The newest facts that any vantage point learnt about a subject, however old; null when nobody ever did. A failed look keeps what was last learnt beside the time
 * of the attempt, so the time given here is the subject's own where its facts carry one: when it was *heard*, not when it was last asked.
 */
export function lastKnown<K extends ObservationKind>(
  facts: PlanFacts,
  kind: K,
  subject: string,
): { facts: z.infer<(typeof factsByKind)[K]>; observedAt: string } | null {
  const known = seen(facts, kind, subject).flatMap((each) => {
    if (each.facts === null) return []
    const heardAt = 'observedAt' in each.facts ? each.facts.observedAt : each.observedAt
    return [{ facts: each.facts, observedAt: heardAt }]
  })
  known.sort((a, b) => Date.parse(b.observedAt) - Date.parse(a.observedAt))
  return known[0] ?? null
}

export type Sides = { from: RegionConfig; to: RegionConfig; primary: ServerConfig }

/** Which region is left and which takes over. Until a writer was ever seen, the configuration's first roles count. */
export function sidesOf(config: ServiceConfig, writer: PlanFacts['writer']): Sides {
  const from =
    config.regions.find((region) => (writer ? region.id === writer.region : region.initialRole === 'primary')) ??
    config.regions[0]
  const to = config.regions.find((region) => region.id !== from?.id)
  const primary = from?.servers.find((server) => server.id === writer?.serverId) ?? from?.servers[0]
  if (!from || !to || !primary) throw new TypeError(`Service ${config.id} has no two regions with a server each`)
  return { from, to, primary }
}
