import { Gauge, Registry } from 'prom-client'
import { signalStates } from '@/server/domain/thresholds/evaluate'
import { alertCounts } from '@/server/queries/alerts'
import type { ServiceView } from '@/server/queries/dto/service'
import type { SignalsView } from '@/server/queries/dto/thresholds'
import { runsByState, workerAges } from '@/server/queries/process-health'
import { listServices } from '@/server/queries/services'
import { signalsOfAll } from '@/server/queries/signals'
import { type ConsoleWiring, consoleWiring } from '@/server/wiring'
import { contextFor } from './authenticate'
import { httpMetrics } from './http-metrics'

/** What is not known has no sample: a zero or the last value would draw a healthy line through an outage of observing. */
export async function prometheusText(): Promise<{ text: string; contentType: string }> {
  const wiring = consoleWiring()
  const own = httpMetrics().registry
  const facts = await factsRegistry(wiring).catch(() => null)
  const up = new Registry()
  new Gauge({
    name: 'lifeboat_control_database_up',
    help: '1 when the control database answered this scrape.',
    registers: [up],
  }).set(facts ? 1 : 0)
  const text = (await Promise.all([own, up, ...(facts ? [facts] : [])].map((each) => each.metrics()))).join('\n')
  return { text: `${text}\n`, contentType: own.contentType }
}

async function factsRegistry(wiring: ConsoleWiring): Promise<Registry> {
  // The scraper reads every service, and nothing else.
  const context = contextFor(wiring, {
    actor: { type: 'system', id: 'prometheus' },
    grants: [{ role: 'viewer', service: '*', only: ['service.read'] }],
  })
  const [services, signals, alerts, runs, workers] = await Promise.all([
    listServices(context),
    signalsOfAll(context),
    alertCounts(context),
    runsByState(wiring.db),
    workerAges(wiring.db),
  ])
  const registry = new Registry()
  const gauge = <L extends string>(name: string, help: string, labelNames: L[]) =>
    new Gauge({ name, help, labelNames, registers: [registry] })
  addServices(services.items, gauge, wiring.clock.now())
  addSignals(signals, gauge)
  const alert = gauge('lifeboat_alerts', 'Alerts that are not resolved.', ['service', 'severity', 'state'])
  for (const { count, ...labels } of alerts) alert.set(labels, count)
  const run = gauge('lifeboat_runs', 'Runs that are open, or ended within a day.', ['service', 'state'])
  for (const row of runs) run.set({ service: row.service, state: row.state }, row.count)
  const worker = gauge('lifeboat_worker_age_seconds', 'Since the worker last wrote.', ['worker', 'vantage'])
  for (const row of workers) worker.set({ worker: row.id, vantage: row.vantage }, row.ageMs / 1000)
  return registry
}

type MakeGauge = <L extends string>(name: string, help: string, labelNames: L[]) => Gauge<L>

function addSignals(services: readonly SignalsView[], gauge: MakeGauge): void {
  const of = ['service', 'signal', 'subject']
  const value = gauge('lifeboat_signal_value', 'What the signal was when it was last learnt.', of)
  const age = gauge('lifeboat_signal_age_seconds', 'Since the value was so.', of)
  const state = gauge('lifeboat_signal_state', '1 for the state that the signal is in, 0 for the others.', [
    ...of,
    'state',
  ])
  const limit = gauge('lifeboat_signal_threshold', 'A value beyond it warns or is critical.', [
    'service',
    'signal',
    'severity',
  ])
  for (const { service, observedAt, signals } of services) {
    for (const each of signals) {
      const labels = { service, signal: each.signal, subject: each.subject }
      // A value that is too old has no sample: a rule on it must not go on with what was.
      if (each.value !== null && each.state !== 'stale') value.set(labels, each.value)
      if (each.at) age.set(labels, Math.max(0, Date.parse(observedAt) - Date.parse(each.at)) / 1000)
      for (const one of signalStates) state.set({ ...labels, state: one }, each.state === one ? 1 : 0)
      limit.set({ service, signal: each.signal, severity: 'warn' }, each.warn)
      limit.set({ service, signal: each.signal, severity: 'critical' }, each.critical)
    }
  }
}

function addServices(
  services: readonly Pick<ServiceView, 'id' | 'health' | 'replication' | 'readiness' | 'writer'>[],
  gauge: MakeGauge,
  nowMs: number,
): void {
  const health = gauge('lifeboat_service_health', '1 for the state that the service is in.', ['service', 'state'])
  const seconds = gauge('lifeboat_replication_lag_seconds', 'Lag by heartbeat, as last observed.', ['service'])
  const bytes = gauge('lifeboat_replication_lag_bytes', 'Lag in WAL, as last observed.', ['service'])
  const age = gauge('lifeboat_replication_observation_age_seconds', 'Age of what the lag is computed from.', [
    'service',
  ])
  const ready = gauge('lifeboat_failover_ready', '1 when a failover could run now, 0 when not.', ['service'])
  const readiness = gauge('lifeboat_readiness', '1 for what holds: ready, not-ready or unknown.', ['service', 'status'])
  const primaries = gauge('lifeboat_primaries_seen', 'Servers seen running as primary; more than 1 is an emergency.', [
    'service',
  ])
  for (const service of services) {
    const labels = { service: service.id }
    health.set({ ...labels, state: service.health }, 1)
    const { lagSeconds, lagBytes } = service.replication
    if (lagSeconds.value !== null) seconds.set(labels, lagSeconds.value)
    if (lagBytes.value !== null) bytes.set(labels, lagBytes.value)
    if (lagSeconds.observedAt) age.set(labels, Math.max(0, nowMs - Date.parse(lagSeconds.observedAt)) / 1000)
    if (service.readiness.status !== 'unknown') ready.set(labels, service.readiness.status === 'ready' ? 1 : 0)
    for (const status of ['ready', 'not-ready', 'unknown'] as const)
      readiness.set({ ...labels, status }, service.readiness.status === status ? 1 : 0)
    if (service.writer.primariesSeen !== null) primaries.set(labels, service.writer.primariesSeen)
  }
}
