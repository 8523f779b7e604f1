import type { ServiceConfig } from '@/server/domain/service-config'
import { type AnyLook, defineLook, timeoutBelow } from './look'
import { slowIntervalMs, type WatchTarget } from './watch-target'

const timeoutMs = 2_000

/** How many instances each region has, and which server they are told to write to. */
export function workloadLooks({ service, managed, vantage }: WatchTarget): AnyLook[] {
  const intervalMs = slowIntervalMs(service)
  return service.config.regions.map((region) =>
    defineLook(service.id, vantage, {
      kind: 'workload',
      subject: region.id,
      intervalMs,
      timeoutMs: timeoutBelow(intervalMs, timeoutMs),
      async ask() {
        const { desired, ready, settled, environment } = await managed.workload(region.id).observe()
        const writer = writerOf(service.config, environment)
        return { ok: true, failure: null, facts: { desired, ready, settled, writer, failure: null } }
      },
      unanswered: () => null,
    }),
  )
}

/** The server that the instances' environment names; the host as it is written when it is no server of ours. */
export function writerOf(config: ServiceConfig, environment: Readonly<Record<string, string>>): string | null {
  const host = environment[config.database.writerEnv]
  if (host === undefined) return null
  const port = environment[config.database.writerPortEnv]
  const servers = config.regions.flatMap((region) => region.servers).filter((server) => server.host === host)
  const exact = servers.find((server) => port === undefined || String(server.port) === port)
  return exact?.id ?? host
}
