import { keys } from '@/components/data/keys'
import type { RunFilter } from '@/components/data/runs'
import { listAudit } from '@/server/queries/audit'
import { getIncident, listIncidents } from '@/server/queries/incidents'
import { getMe } from '@/server/queries/me'
import { getMetrics } from '@/server/queries/metrics'
import { getRun, listRuns } from '@/server/queries/runs'
import { getService, listServices } from '@/server/queries/services'
import type { Context } from '@/server/services/context'

/** What a page reads before it is sent, under the key by which the browser goes on with it. */
export type Read = { key: readonly string[]; paged?: true; from(context: Context): Promise<unknown> }

const minutesMs = 60_000

export const reads = {
  me: (): Read => ({ key: keys.me, from: getMe }),
  services: (): Read => ({ key: keys.services, from: listServices }),
  service: (id: string): Read => ({ key: keys.service(id), from: (context) => getService(context, id) }),
  lag: (id: string, minutes: number): Read => ({
    key: keys.metrics(id, String(minutes)),
    from: (context) => {
      const nowMs = context.clock.now()
      const from = new Date(nowMs - minutes * minutesMs).toISOString()
      return getMetrics(context, id, { from, to: new Date(nowMs).toISOString(), stepMs: null, names: ['lag_seconds'] })
    },
  }),
  incidentsOf: (service: string): Read => ({
    key: keys.serviceIncidents(service),
    from: (context) => listIncidents(context, { service, limit: 20 }),
  }),
  incident: (id: string): Read => ({ key: keys.incident(id), from: (context) => getIncident(context, id) }),
  runs: (filter: RunFilter): Read => ({
    key: keys.runList(JSON.stringify(filter)),
    from: (context) =>
      listRuns(context, { service: filter.service, state: filter.state?.split(','), limit: filter.limit ?? 50 }),
  }),
  run: (id: string): Read => ({ key: keys.run(id), from: (context) => getRun(context, id) }),
  audit: (): Read => ({ key: keys.auditList('{}'), paged: true, from: (context) => listAudit(context, { limit: 50 }) }),
}
