import type { EventView } from '@/server/queries/dto/records'

/** Names of what is cached. The first word is what an event of the stream refers to. */
export const keys = {
  me: ['me'] as const,
  health: ['health'] as const,
  services: ['services'] as const,
  service: (id: string) => ['services', id] as const,
  mode: (id: string) => ['services', id, 'mode'] as const,
  /** Under the service: what changes it may change these. */
  divergences: (service: string) => ['services', service, 'divergences'] as const,
  divergence: (id: string) => ['services', 'divergence', id] as const,
  metrics: (id: string, minutes: string) => ['metrics', id, minutes] as const,
  series: (service: string, what: string) => ['series', service, what] as const,
  plan: (service: string, inputs: string) => ['plan', service, inputs] as const,
  serviceIncidents: (id: string) => ['incidents', 'service', id] as const,
  incident: (id: string) => ['incidents', id] as const,
  runs: ['runs'] as const,
  runList: (filter: string) => ['runs', 'list', filter] as const,
  run: (id: string) => ['runs', 'one', id] as const,
  alerts: ['alerts'] as const,
  alertList: (filter: string) => ['alerts', 'list', filter] as const,
  alert: (id: string) => ['alerts', 'one', id] as const,
  thresholds: (service: string) => ['services', service, 'thresholds'] as const,
  readiness: (service: string) => ['services', service, 'readiness'] as const,
  audit: ['audit'] as const,
  auditList: (filter: string) => ['audit', 'list', filter] as const,
  auditVerification: ['audit', 'verification'] as const,
}

/** What has to be read again after an event. A prefix stands for everything under it. */
export function touchedBy(event: Pick<EventView, 'kind' | 'service' | 'runId'>): readonly (readonly string[])[] {
  switch (event.kind) {
    case 'run.changed':
    case 'approval.changed':
      return [keys.runs, keys.services]
    case 'step.changed':
      return event.runId ? [keys.run(event.runId)] : [keys.runs]
    case 'service.changed':
      return [keys.services]
    case 'incident.changed':
      return [['incidents'], keys.services]
    case 'alert.changed':
      return [['alerts']]
    case 'audit.appended':
      return [['audit', 'list']]
  }
}
