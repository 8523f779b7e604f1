import { randomUUID } from 'node:crypto'
import { createDb, type Db } from '@/server/db/client'
import { digestOf, toJson } from '@/server/domain/json'
import type { Role } from '@/server/domain/rights'
import type { ServiceConfig } from '@/server/domain/service-config'
import type { Context } from '@/server/services/context'
import { describeStep } from '@/server/steps/catalog'
import { now as factsNow, lostPrimaryFacts } from './facts'
import { startTestDatabase, type TestPostgres } from './postgres'

/** A control database with people and services in it, for tests of the verbs. */
export type TestControlPlane = {
  database: TestPostgres
  db: Db
  /** Runs that the workers were told of. */
  woken: string[]
  /** A person with this role on every service, as a verb sees them. */
  person(role: Role, options?: { service?: string; via?: 'session' | 'token'; id?: string }): Promise<Context>
  /** A service whose primary region is lost, seen a moment ago: a failover of it has no blockers. */
  lostService(change?: (config: ServiceConfig) => ServiceConfig): Promise<string>
  stop(): Promise<void>
}

export async function startTestControlPlane(net: number): Promise<TestControlPlane> {
  const database = await startTestDatabase(net)
  // As many as a test does at once: what is tried is the locks, not the waiting for a connection.
  const db = createDb(database.url, { max: 60 })
  const woken: string[] = []
  return {
    database,
    db,
    woken,
    person: async (role, options = {}) => {
      const id = options.id ?? randomUUID()
      const email = `${role}-${id.slice(0, 8)}@lifeboat.test`
      const service = options.service ?? '*'
      if (!options.id) {
        await db.user.create({ data: { id, name: role, email, grants: { create: { service, role } } } })
      }
      return {
        db,
        clock: { now: () => Date.now(), sleep: () => Promise.resolve() },
        actor: { type: 'user', id, email, via: options.via ?? 'session' },
        grants: [{ role, service }],
        describeStep,
        enqueueRun: async (runId) => void woken.push(runId),
      }
    },
    lostService: (change = (config) => config) => makeLostService(db, change),
    stop: async () => {
      await db.$disconnect()
      await database.stop()
    },
  }
}

async function makeLostService(db: Db, change: (config: ServiceConfig) => ServiceConfig): Promise<string> {
  const facts = lostPrimaryFacts()
  const id = `shortener-${randomUUID().slice(0, 8)}`
  const config = change({ ...facts.config, id })
  await db.service.create({
    data: {
      id,
      name: config.name,
      config: toJson(config) ?? {},
      configDigest: digestOf(config),
      writerServerId: 'db-us-east',
      writerRegion: 'us-east',
      writerTimeline: 1,
      writerSystemIdentifier: '7001',
      lease: { create: {} },
      incidents: {
        create: {
          id: randomUUID(),
          region: 'us-east',
          kind: 'outage',
          title: 'us-east does not answer',
          severity: 'critical',
          state: 'confirmed',
          lastGoodAt: new Date(Date.now() - 3_000),
          openedAt: new Date(Date.now() - 2_000),
          probeIntervalMs: 1_000,
        },
      },
    },
  })
  const shift = Date.now() - factsNow
  await db.observation.createMany({
    data: facts.observations.map((each) => ({
      serviceId: id,
      kind: each.kind,
      subject: each.subject,
      vantage: each.vantage,
      ok: each.ok,
      failure: each.failure,
      facts: toJson(each.facts) ?? {},
      // Not to go stale while a test runs.
      intervalMs: 600_000,
      observedAt: new Date(Date.parse(each.observedAt) + shift),
    })),
  })
  return id
}
