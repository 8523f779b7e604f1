import { type ServiceConfig, serviceConfig } from '@/server/domain/service-config'
import type { Context } from '@/server/services/context'

/** A service as a worker watches it: its configuration, and who is held to be its writer. */
export type WatchedService = {
  id: string
  config: ServiceConfig
  configVersion: number
  writer: {
    serverId: string | null
    region: string | null
    timeline: number | null
    systemIdentifier: string | null
    generation: number
  }
}

/**
 * Every service. A configuration that does not parse (written by a newer version) is left out and named in `unreadable`: the others
 * must not go unwatched because of it.
 */
export async function listWatchedServices(
  ctx: Pick<Context, 'db'>,
): Promise<{ services: WatchedService[]; unreadable: { id: string; reason: string }[] }> {
  const rows = await ctx.db.service.findMany({ orderBy: { id: 'asc' } })
  const services: WatchedService[] = []
  const unreadable: { id: string; reason: string }[] = []
  for (const row of rows) {
    const parsed = serviceConfig.safeParse(row.config)
    if (!parsed.success) {
      unreadable.push({ id: row.id, reason: parsed.error.issues[0]?.message ?? 'not a service configuration' })
      continue
    }
    services.push({
      id: row.id,
      config: parsed.data,
      configVersion: row.configVersion,
      writer: {
        serverId: row.writerServerId,
        region: row.writerRegion,
        timeline: row.writerTimeline,
        systemIdentifier: row.writerSystemIdentifier,
        generation: Number(row.writerGeneration),
      },
    })
  }
  return { services, unreadable }
}
