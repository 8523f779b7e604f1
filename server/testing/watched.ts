import { randomUUID } from 'node:crypto'
import { createDb, type Db } from '@/server/db/client'
import { digestOf, toJson } from '@/server/domain/json'
import type { Observation } from '@/server/domain/observation'
import type { ServiceConfig } from '@/server/domain/service-config'
import type { Clock } from '@/server/ports/clock'
import type { IncidentContext } from '@/server/services/incidents/move'
import { listWatchedServices, type WatchedService } from '@/server/services/observations/watched-services'
import { agentFacts, testConfig } from './facts'

/** One worker's view for tests: its own pool, an actor at a vantage point, a clock that the test moves. */
export function testWorker(url: string, vantage: string, clock: Clock): IncidentContext & { close(): Promise<void> } {
  const db = createDb(url, { max: 3 })
  const actor = { type: 'worker' as const, id: `worker-${vantage}`, vantage }
  return { db, clock, actor, close: () => db.$disconnect() }
}

/** A clock that stands still until it is moved. */
export function movedClock(startMs: number): Clock & { move(ms: number): void; at(agoMs?: number): string } {
  let now = startMs
  return {
    now: () => now,
    sleep: async () => undefined,
    move: (ms) => {
      now += ms
    },
    at: (agoMs = 0) => new Date(now - agoMs).toISOString(),
  }
}

type Writer = { serverId: string; region: string; timeline: number; systemIdentifier: string; generation?: number }

/** A service of its own in the control database, watched as a worker would. `writer` null: none was ever seen. */
export async function seedService(
  db: Db,
  writer: Writer | null = { serverId: 'db-us-east', region: 'us-east', timeline: 1, systemIdentifier: '7001' },
): Promise<{ id: string; config: ServiceConfig; read(): Promise<WatchedService> }> {
  const id = `shortener-${randomUUID().slice(0, 8)}`
  const config = { ...testConfig(), id }
  await db.service.create({
    data: {
      id,
      name: config.name,
      config: toJson(config) ?? {},
      configDigest: digestOf(config),
      lease: { create: {} },
      ...(writer && {
        writerServerId: writer.serverId,
        writerRegion: writer.region,
        writerTimeline: writer.timeline,
        writerSystemIdentifier: writer.systemIdentifier,
        writerGeneration: writer.generation ?? 0,
      }),
    },
  })
  return {
    id,
    config,
    read: async () => {
      const found = (await listWatchedServices({ db })).services.find((each) => each.id === id)
      if (!found) throw new Error(`${id} is not there`)
      return found
    },
  }
}

/** A probe of the public name or of a region's endpoint. */
export function probeSeen(
  service: { id: string; config: ServiceConfig },
  kind: 'public' | 'endpoint',
  vantage: string,
  ok: boolean,
  observedAt: string,
  over: { region?: string; address?: string } = {},
): Observation {
  const failure = ok ? null : 'connection refused'
  const address = over.address ?? '127.1.1.10'
  return {
    service: service.id,
    kind,
    subject: kind === 'public' ? service.config.dns.name : (over.region ?? 'us-east'),
    vantage,
    ok,
    failure,
    observedAt,
    intervalMs: service.config.probes.intervalMs,
    facts: { status: ok ? 200 : null, latencyMs: 4, failure, address, consecutiveFailures: ok ? 0 : 1 },
  }
}

/** What an agent said of its server. */
export function agentSeen(
  service: { id: string },
  serverId: string,
  vantage: string,
  observedAt: string,
  over: Parameters<typeof agentFacts>[0] = {},
): Observation {
  return {
    service: service.id,
    kind: 'agent',
    subject: serverId,
    vantage,
    ok: true,
    failure: null,
    observedAt,
    intervalMs: 1000,
    facts: agentFacts({ serverId, ...over }),
  }
}
