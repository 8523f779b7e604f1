import type { Db } from '@/server/db/client'
import { latestObservations } from '@/server/db/repositories/observations'
import type { Observation } from '@/server/domain/observation'
import { activeRunStates } from '@/server/domain/run/states'
import { type ServiceConfig, serviceConfig } from '@/server/domain/service-config'
import type { Context } from '@/server/services/context'
import { servicesWith } from './access'
import { iso } from './read'

/** Everything that a service's picture is drawn from, read at one moment. */
export type ServiceFacts = {
  id: string
  name: string
  config: ServiceConfig
  writer: {
    serverId: string | null
    region: string | null
    generation: number
    since: string | null
  }
  observations: Observation[]
  incident: {
    id: string
    title: string
    state: string
    openedAt: string
  } | null
  /** Approved, running or paused, else the one that waits for approval. */
  openRun: { id: string; kind: string; state: string; startedAt: string | null } | null
  workers: { id: string; vantage: string; seenAt: string }[]
  nowMs: number
}

/** The facts of the services that the caller may read; of one of them when `id` is given. */
export async function loadServiceFacts(ctx: Context, id?: string): Promise<ServiceFacts[]> {
  const { db } = ctx
  const readable = servicesWith(ctx.grants, 'service.read')
  const ids = id === undefined ? readable : readable === undefined || readable.includes(id) ? [id] : []
  const services = await db.service.findMany({
    where: ids ? { id: { in: ids } } : {},
    orderBy: [{ name: 'asc' }, { id: 'asc' }],
  })
  const serviceIds = services.map((service) => service.id)
  const [observations, incidents, runs, workers] = await Promise.all([
    Promise.all(serviceIds.map((serviceId) => latestObservations(db, serviceId))),
    openIncidents(db, serviceIds),
    openRuns(db, serviceIds),
    db.processHeartbeat.findMany({ where: { kind: 'worker' } }),
  ])
  const nowMs = ctx.clock.now()
  return services.map((row, index) => ({
    id: row.id,
    name: row.name,
    config: serviceConfig.parse(row.config),
    writer: {
      serverId: row.writerServerId,
      region: row.writerRegion,
      generation: Number(row.writerGeneration),
      since: iso(row.writerSince),
    },
    observations: observations[index] ?? [],
    incident: incidents.get(row.id) ?? null,
    openRun: runs.get(row.id) ?? null,
    workers: workers.map((each) => ({ id: each.id, vantage: each.vantage, seenAt: iso(each.seenAt) })),
    nowMs,
  }))
}

async function openIncidents(db: Db, serviceIds: string[]): Promise<Map<string, ServiceFacts['incident']>> {
  const rows = await db.incident.findMany({
    where: { serviceId: { in: serviceIds }, state: { in: ['open', 'confirmed'] } },
    // Newest last, so that it is the one that stays in the map.
    orderBy: { openedAt: 'asc' },
  })
  return new Map(
    rows.map((row) => [
      row.serviceId,
      {
        id: row.id,
        title: row.title,
        state: row.state,
        openedAt: iso(row.openedAt),
      },
    ]),
  )
}

async function openRuns(db: Db, serviceIds: string[]): Promise<Map<string, ServiceFacts['openRun']>> {
  const rows = await db.run.findMany({
    where: { serviceId: { in: serviceIds }, state: { in: ['awaiting_approval', ...activeRunStates] } },
    orderBy: { requestedAt: 'asc' },
    select: { id: true, serviceId: true, kind: true, state: true, startedAt: true },
  })
  const active: readonly string[] = activeRunStates
  rows.sort((a, b) => Number(active.includes(a.state)) - Number(active.includes(b.state)))
  return new Map(
    rows.map((row) => [row.serviceId, { id: row.id, kind: row.kind, state: row.state, startedAt: iso(row.startedAt) }]),
  )
}
