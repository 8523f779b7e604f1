import { keys } from '@/components/data/keys'
import type { RunFilter } from '@/components/data/runs'
import { listAlerts } from '@/server/queries/alerts'
import { listAudit } from '@/server/queries/audit'
import { listBreakGlass } from '@/server/queries/break-glass'
import { getCommitWindow } from '@/server/queries/commit-window'
import { getDivergence, listDivergences } from '@/server/queries/divergences'
import { getIncident, listIncidents } from '@/server/queries/incidents'
import { getMe } from '@/server/queries/me'
import { getMetrics } from '@/server/queries/metrics'
import { getMode } from '@/server/queries/mode'
import { getReadiness } from '@/server/queries/readiness-history'
import { getRun, listRuns } from '@/server/queries/runs'
import { getSecondFactor } from '@/server/queries/second-factor'
import { getService, listServices } from '@/server/queries/services'
import { getThresholds } from '@/server/queries/thresholds'
import type { Context } from '@/server/services/context'

/** What a page reads before it is sent, under the key by which the browser goes on with it. */
export type Read = { key: readonly string[]; paged?: true; from(context: Context): Promise<unknown> }

const minutesMs = 60_000

export const reads = {
  me: (): Read => ({ key: keys.me, from: getMe }),
  services: (): Read => ({ key: keys.services, from: listServices }),
  service: (id: string): Read => ({ key: keys.service(id), from: (context) => getService(context, id) }),
  mode: (id: string): Read => ({ key: keys.mode(id), from: (context) => getMode(context, id) }),
  alerts: (): Read => ({ key: keys.alertList('{}'), from: (context) => listAlerts(context, { limit: 100 }) }),
  thresholds: (id: string): Read => ({ key: keys.thresholds(id), from: (context) => getThresholds(context, id) }),
  readiness: (id: string): Read => ({ key: keys.readiness(id), from: (context) => getReadiness(context, id, 7) }),
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
  divergence: (id: string): Read => ({ key: keys.divergence(id), from: (context) => getDivergence(context, id) }),
  divergences: (service: string): Read => ({
    key: keys.divergences(service),
    from: (context) => listDivergences(context, service),
  }),
  runs: (filter: RunFilter): Read => ({
    key: keys.runList(JSON.stringify(filter)),
    from: (context) =>
      listRuns(context, { service: filter.service, state: filter.state?.split(','), limit: filter.limit ?? 50 }),
  }),
  breakGlass: (): Read => ({ key: [...keys.runs, 'break-glass'], from: listBreakGlass }),
  commitWindow: (id: string): Read => ({
    key: [...keys.service(id), 'commit-window'],
    from: (context) => getCommitWindow(context, id),
  }),
  secondFactor: (): Read => ({ key: [...keys.me, 'second-factor'], from: getSecondFactor }),
  run: (id: string): Read => ({ key: keys.run(id), from: (context) => getRun(context, id) }),
  audit: (): Read => ({ key: keys.auditList('{}'), paged: true, from: (context) => listAudit(context, { limit: 50 }) }),
}
