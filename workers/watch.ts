import type { Clock } from '@/server/ports/clock'
import type { AnomalySeen } from '@/server/services/anomalies/record'
import type { WatchedService } from '@/server/services/observations/watched-services'
import type { ConnectedService } from '@/server/wiring-managed'
import { collect } from './collectors/collect'
import type { Recorder } from './collectors/recorder'
import type { Sampler } from './collectors/sampler'
import { type Log, type Loop, messageOf, startLoop } from './loop'

/** A service that this worker watches now, with its connections. */
export type Watched = { service: WatchedService; managed: ConnectedService }

export type Watcher = Loop & {
  /** Closes the connections; `stop` leaves them open for a run that is being finished. */
  close(): Promise<void>
  all(): Watched[]
  find(serviceId: string): Watched | null
}

type Options = {
  list(): Promise<{ services: WatchedService[]; unreadable: { id: string; reason: string }[] }>
  connect(service: WatchedService): ConnectedService
  recorder: Recorder
  sampler: Pick<Sampler, 'add' | 'addAnswer'>
  onBulkChange(seen: AnomalySeen): void
  vantage: string
  clock: Clock
  log: Log
}

type Entry = Watched & { loops: Loop }

/** How soon a new configuration or a new writer is known here. */
const intervalMs = 1_000
/** What still uses the old connections when a configuration changes is done by then: no call on a managed system is longer. */
const closeAfterMs = 60_000

/** Keeps one set of collectors running for each service, and starts them anew when its configuration changes. */
export function startWatching(options: Options): Watcher {
  const { recorder, sampler, onBulkChange, clock, log } = options
  const entries = new Map<string, Entry>()
  const refused = new Map<string, string>()

  const begin = (service: WatchedService): void => {
    const managed = options.connect(service)
    const target = { service, managed, vantage: options.vantage }
    entries.set(service.id, {
      service,
      managed,
      loops: collect(target, { recorder, sampler, onBulkChange, clock, log }),
    })
    log.info({ service: service.id, configVersion: service.configVersion }, 'watching a service')
  }
  const close = ({ managed }: Entry): Promise<void> =>
    managed.close().catch((error: unknown) => log.warn({ error: messageOf(error) }, 'connections could not be closed'))
  const end = async (entry: Entry): Promise<void> => {
    entries.delete(entry.service.id)
    await entry.loops.stop()
    setTimeout(() => void close(entry), closeAfterMs).unref()
  }
  const round = async (): Promise<void> => {
    const { services, unreadable } = await options.list()
    for (const each of unreadable) {
      if (refused.get(each.id) !== each.reason) log.error(each, 'a service has a configuration that cannot be read')
      refused.set(each.id, each.reason)
    }
    for (const entry of [...entries.values()]) {
      const current = services.find((each) => each.id === entry.service.id)
      if (current?.configVersion === entry.service.configVersion) entry.service = current
      else await end(entry)
    }
    for (const service of services) if (!entries.has(service.id)) begin(service)
  }
  const loop = startLoop({ name: 'watch', intervalMs, round, clock, log })
  return {
    all: () => [...entries.values()],
    find: (serviceId) => entries.get(serviceId) ?? null,
    async stop() {
      await loop.stop()
      await Promise.all([...entries.values()].map((entry) => entry.loops.stop()))
    },
    async close() {
      await Promise.all([...entries.values()].map(close))
      entries.clear()
    },
  }
}
