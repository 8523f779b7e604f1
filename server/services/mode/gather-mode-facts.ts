import { databaseNow } from '@/server/db/repositories/clock'
import {
  findMaintenance,
  lastAutomaticAction,
  openedForIncident,
  readKillSwitches,
} from '@/server/db/repositories/modes'
import { latestObservations } from '@/server/db/repositories/observations'
import { findActiveRun } from '@/server/db/repositories/runs'
import { findService, type ServiceRecord } from '@/server/db/repositories/services'
import { listStandingApprovals, type StandingRecord } from '@/server/db/repositories/standing-approvals'
import type { Tx } from '@/server/db/tx'
import type { JsonObject } from '@/server/domain/json'
import type { ModeFacts, Sight } from '@/server/domain/mode/mode-facts'
import { judgeStanding, type StandingJudgement } from '@/server/domain/mode/standing-approval'
import { isStale, type Observation } from '@/server/domain/observation'
import { sidesOf } from '@/server/domain/plan/facts'
import { notFound } from '../authorise'
import type { Context } from '../context'
import { ServiceError } from '../errors'
import { type BuiltPlan, buildPlan } from '../runs/gather-facts'

export type JudgedStanding = { record: StandingRecord; judgement: StandingJudgement }

export type GatheredMode = {
  facts: ModeFacts
  service: ServiceRecord
  /** The newest ones, newest first, each judged as it is now. */
  standing: JudgedStanding[]
  /** The plan that the decision was made on: what is opened is exactly this. */
  built: BuiltPlan | null
}

/**
 * Reads what the decision rests on. While an outage of the primary's region is confirmed the plan is the real one; else it is the one for "if it died now".
 * @throws ServiceError not-found
 */
export async function gatherModeFacts(ctx: Context, tx: Tx | Context['db'], serviceId: string): Promise<GatheredMode> {
  const service = await findService(tx, serviceId)
  if (!service) throw notFound('service')
  const { config } = service
  const { from, to } = sidesOf(config, service.writer)
  const incident = await readIncident(tx, serviceId)
  const asked = incident?.state === 'confirmed' && incident.region === from.id ? 'now' : 'if-lost'
  const observations = await latestObservations(tx, serviceId)
  const built = await planOf(ctx, tx, serviceId, asked)
  const now = await databaseNow(tx)
  const nowMs = ctx.clock.now()
  const standing = await judgedStanding(tx, service, now)
  const facts: ModeFacts = {
    nowMs,
    asked,
    mode: config.mode,
    policy: config.policies.automatic,
    failuresToConfirm: config.probes.failuresToConfirm,
    from: { region: from.id, name: from.name, sights: sightsOf(service, observations, from.id, nowMs) },
    to: { region: to.id, name: to.name, sights: sightsOf(service, observations, to.id, nowMs) },
    killSwitches: await readKillSwitches(tx, serviceId),
    standing: standingFacts(standing),
    incident,
    opened: incident ? await openedForIncident(tx, incident.id) : { automatic: 0, drafts: [] },
    lastAutomatic: await lastAutomaticAction(tx, serviceId),
    plan: built?.plan ?? null,
    candidates: candidatesOf(
      observations,
      to.servers.filter((server) => server.role === 'candidate').map((server) => server.id),
      nowMs,
    ),
    activeRun: await findActiveRun(tx, serviceId),
    waitingRun: await findWaitingRun(tx, serviceId),
    maintenance: await findMaintenance(tx, serviceId, now),
  }
  return { facts, service, standing, built }
}

async function judgedStanding(tx: Tx | Context['db'], service: ServiceRecord, now: Date): Promise<JudgedStanding[]> {
  const records = await listStandingApprovals(tx, service.id)
  return records.map((record) => ({
    record,
    judgement: judgeStanding(record, { configDigest: service.configDigest, nowMs: now.getTime() }),
  }))
}

/** The one that holds, else the newest: asking for the next one must not take away the one that holds. */
function standingFacts(standing: readonly JudgedStanding[]): ModeFacts['standing'] {
  const chosen = standing.find(({ judgement }) => judgement.state === 'valid') ?? standing[0]
  return chosen ? { id: chosen.record.id, expiresAt: chosen.record.expiresAt, ...chosen.judgement } : null
}

async function readIncident(tx: Pick<Tx, 'incident'>, serviceId: string): Promise<ModeFacts['incident']> {
  const row = await tx.incident.findFirst({
    where: { serviceId, kind: 'outage', state: { in: ['open', 'confirmed', 'recovered'] } },
    orderBy: { openedAt: 'desc' },
  })
  if (!row) return null
  const { id, state, region } = row
  return {
    id,
    state,
    region,
    openedAt: row.openedAt.toISOString(),
    confirmedAt: row.confirmedAt?.toISOString() ?? null,
  }
}

async function findWaitingRun(tx: Pick<Tx, 'run'>, serviceId: string): Promise<ModeFacts['waitingRun']> {
  return tx.run.findFirst({
    where: { serviceId, state: 'awaiting_approval' },
    orderBy: { requestedAt: 'desc' },
    select: { id: true, kind: true },
  })
}

/** null when the planner cannot make one of what is known; a database that is away is another matter. */
async function planOf(
  ctx: Context,
  tx: Tx | Context['db'],
  serviceId: string,
  asked: ModeFacts['asked'],
): Promise<BuiltPlan | null> {
  const inputs: JsonObject = asked === 'now' ? {} : { assume: 'primary-lost' }
  try {
    // Never with break-glass, whatever the caller may do.
    return await buildPlan({ ...ctx, grants: [] }, tx, { service: serviceId, kind: 'failover', inputs })
  } catch (error) {
    if (error instanceof ServiceError || error instanceof TypeError) return null
    throw error
  }
}

/** What each vantage point last saw of a region's endpoint; of every one that the configuration counts, and of no other. */
function sightsOf(
  service: ServiceRecord,
  observations: readonly Observation[],
  region: string,
  nowMs: number,
): Sight[] {
  return service.config.probes.vantagePoints.map((vantage) => {
    const seen = observations.find(
      (each): each is Observation<'endpoint'> =>
        each.kind === 'endpoint' && each.subject === region && each.vantage === vantage,
    )
    if (!seen || isStale(seen, nowMs)) {
      return { vantage, verdict: 'unknown', failures: 0, observedAt: seen?.observedAt ?? null }
    }
    const failures = seen.ok ? 0 : Math.max(1, seen.facts?.consecutiveFailures ?? 1)
    return { vantage, verdict: seen.ok ? 'ok' : 'failing', failures, observedAt: seen.observedAt }
  })
}

function candidatesOf(
  observations: readonly Observation[],
  serverIds: readonly string[],
  nowMs: number,
): ModeFacts['candidates'] {
  return serverIds.flatMap((serverId) => {
    const seen = observations.find(
      (each): each is Observation<'agent'> =>
        each.kind === 'agent' && each.subject === serverId && each.ok && !isStale(each, nowMs),
    )
    return seen?.facts?.role === 'standby' ? [{ serverId, observedAt: seen.observedAt }] : []
  })
}
