import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TrafficSwitch } from '@/server/ports/managed'
import type { WatchedService } from '@/server/services/observations/watched-services'
import { startTestDatabase, type TestPostgres } from '@/server/testing/postgres'
import { seedService, testWorker } from '@/server/testing/watched'
import { realClock } from '@/server/testing/worker-tools'
import { clearStaleSwitch } from './clear-stale-switch'

let server: TestPostgres
let worker: ReturnType<typeof testWorker>

beforeAll(async () => {
  server = await startTestDatabase(67)
  worker = testWorker(server.url, 'vantage-a', realClock)
})
afterAll(async () => {
  await worker?.close()
  await server?.stop()
})

/** Two stores, each with its switch or without. */
function stores(generations: Record<string, number | null>): TrafficSwitch {
  return {
    read: async (region) => {
      const generation = generations[region] ?? null
      return { set: generation !== null, generation, observedAt: new Date().toISOString() }
    },
    set: async (region, generation) => {
      generations[region] = generation
    },
    clear: async (region) => {
      generations[region] = null
    },
  }
}

/** us-east writes, and its traffic was turned there by a switch. */
async function watched(): Promise<WatchedService> {
  const service = await (await seedService(worker.db)).read()
  const store = {
    endpoint: 'http://store.test',
    bucket: 'b',
    key: 'k',
    accessKeyIdRef: 'env:A',
    secretAccessKeyRef: 'env:B',
  }
  const redirect = { method: 'health-switch' as const, stores: { 'us-east': store, 'us-west': store } }
  return { ...service, config: { ...service.config, dns: { ...service.config.dns, redirect } } }
}

const told = (service: WatchedService) =>
  worker.db.auditEntry.count({ where: { serviceId: service.id, action: 'switch.clear-stale' } })

describe('clearStaleSwitch', () => {
  it('takes the older switch of a returned region away, once, and tells it', async () => {
    const service = await watched()
    const generations: Record<string, number | null> = { 'us-east': 7, 'us-west': 4 }
    expect(await clearStaleSwitch(worker, service, stores(generations))).toEqual(['us-west'])
    expect(generations).toEqual({ 'us-east': 7, 'us-west': null })
    expect(await clearStaleSwitch(worker, service, stores(generations))).toEqual([])
    expect(await told(service)).toBe(1)
  })

  it('leaves alone what is newer, and what is the only one', async () => {
    const service = await watched()
    for (const generations of [
      { 'us-east': 4, 'us-west': 7 },
      { 'us-east': null, 'us-west': 7 },
      { 'us-east': 7, 'us-west': null },
    ]) {
      const before = { ...generations }
      expect(await clearStaleSwitch(worker, service, stores(generations))).toEqual([])
      expect(generations).toEqual(before)
    }
    expect(await told(service)).toBe(0)
  })

  it('does nothing while a run leads, and nothing that it cannot write down', async () => {
    const service = await watched()
    const generations = { 'us-east': 7, 'us-west': 4 }
    await worker.db.$executeRaw`UPDATE service_lease SET holder = 'worker-x', run_id = 'run_x',
      expires_at = clock_timestamp() + interval '60 seconds' WHERE service_id = ${service.id}`
    expect(await clearStaleSwitch(worker, service, stores(generations))).toEqual([])
    await worker.db.$executeRaw`UPDATE service_lease SET holder = NULL, run_id = NULL, expires_at = NULL
      WHERE service_id = ${service.id}`
    await worker.db
      .$executeRaw`CREATE FUNCTION refuse_stale() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''disk full''; END'`
    await worker.db
      .$executeRaw`CREATE TRIGGER refuse_stale BEFORE INSERT ON audit_entry FOR EACH ROW EXECUTE FUNCTION refuse_stale()`
    await expect(clearStaleSwitch(worker, service, stores(generations))).rejects.toThrow()
    await worker.db.$executeRaw`DROP TRIGGER refuse_stale ON audit_entry`
    expect(generations).toEqual({ 'us-east': 7, 'us-west': 4 })
  })
})
