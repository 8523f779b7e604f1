import { Gauge, Registry } from 'prom-client'
import type { ServiceView } from '@/server/queries/dto/service'
import { runsByState, workerAges } from '@/server/queries/process-health'
import { listServices } from '@/server/queries/services'
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
  const [services, runs, workers] = await Promise.all([
    listServices(context),
    runsByState(wiring.db),
    workerAges(wiring.db),
  ])
  const registry = new Registry()
  const gauge = <L extends string>(name: string, help: string, labelNames: L[]) =>
    new Gauge({ name, help, labelNames, registers: [registry] })
  addServices(services.items, gauge, wiring.clock.now())
  const run = gauge('lifeboat_runs', 'Runs that are open, or ended within a day.', ['service', 'state'])
  for (const row of runs) run.set({ service: row.service, state: row.state }, row.count)
  const worker = gauge('lifeboat_worker_age_seconds', 'Since the worker last wrote.', ['worker', 'vantage'])
  for (const row of workers) worker.set({ worker: row.id, vantage: row.vantage }, row.ageMs / 1000)
  return registry
}

type MakeGauge = <L extends string>(name: string, help: string, labelNames: L[]) => Gauge<L>

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
    if (service.writer.primariesSeen !== null) primaries.set(labels, service.writer.primariesSeen)
  }
}
