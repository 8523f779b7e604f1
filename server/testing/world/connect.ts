import { StaleGeneration, Terminal, Unreachable } from '@/server/ports/errors'
import type { Cache, ManagedService, Platform, PostgresServer, ProbeResult, Workload } from '@/server/ports/managed'
import { agentOf } from './agent'
import { authorityOf, resolverOf, switchOf } from './names'
import { isWritable, lsnOf, systemIdentifier, type WorldServer, write } from './servers'
import { publicAnswers } from './traffic'
import type { World } from './world'

function postgresOf(world: World, serverId: string): PostgresServer {
  const up = (): WorldServer => {
    const server = world.server(serverId)
    world.pass()
    if (!server.up || !world.power.get(server.hostId))
      throw new Unreachable(`postgres ${serverId}`, 'connection refused')
    return server
  }
  return {
    serverId,
    identify: async () => {
      const server = up()
      const standby = server.role === 'standby'
      return {
        systemIdentifier,
        inRecovery: standby,
        timeline: server.timeline,
        currentLsn: standby ? null : lsnOf(server.position),
        receivedLsn: standby ? lsnOf(server.received) : null,
        replayedLsn: standby ? lsnOf(server.position) : null,
      }
    },
    proveWritable: async () => {
      const server = up()
      if (!isWritable(server)) throw new Terminal(`postgres ${serverId}`, 'read-only')
      write(server)
      world.proved.add(`${server.id}@${server.timeline}`)
      return { lsn: lsnOf(server.position), timeline: server.timeline, tookMs: 1 }
    },
    refusesWrites: async () => up().role === 'standby',
    describeTable: async () => {
      up()
      return { columns: ['id', 'code'], key: ['id'], triggers: [] }
    },
    readByKey: async (table, _key, wanted) => {
      const { merged } = up()
      return wanted.filter(({ id }) => merged.has(`${table} ${id}`)).map((row) => ({ ...row }))
    },
    readPairs: async () => [{ key: 'link:a', value: 'https://example.com' }],
    // Copies of one history hold the same rows; who is not a copy is never asked here, its timeline would have told.
    readTables: async (_timeLimitMs, work) => {
      const lsn = lsnOf(up().position)
      const digests = async () => [{ range: 0, rows: 1, checksum: '7' }]
      const tables = async () => [{ table: 'public.links', bytes: 8192 }]
      return work({ snapshot: '1:1:', lsn, tables, digests, versions: async () => [] })
    },
  }
}

function platformOf(world: World): Platform {
  return {
    describeHost: async (hostId) => ({
      hostId,
      state: world.power.get(hostId) ? 'running' : 'stopped',
      observedAt: new Date().toISOString(),
      reason: 'as it is',
    }),
    stopHost: async (hostId) =>
      world.effect(`power-off:${hostId}`, () => {
        const was = world.power.get(hostId) === true
        world.power.set(hostId, false)
        for (const server of world.servers.values()) if (server.hostId === hostId) server.up = false
        return was
      }),
    // A server that was up comes up read-only until it is told otherwise; one whose region is lost stays silent.
    startHost: async (hostId) =>
      world.effect(`power-on:${hostId}`, () => {
        const was = world.power.get(hostId) === true
        world.power.set(hostId, true)
        for (const server of world.servers.values()) {
          if (server.hostId !== hostId || !server.agentUp || was) continue
          const fence = { reason: 'boot-guard' as const, runId: null, at: new Date().toISOString() }
          Object.assign(server, { up: true, signal: true, ...(server.role === 'primary' ? { fence } : {}) })
        }
        return !was
      }),
  }
}

function workloadOf(world: World, region: string): Workload {
  const workload = world.workload(region)
  const obey = (generation: number): void => {
    if (generation < workload.generation) throw new StaleGeneration(`cluster ${region}`, workload.generation)
    workload.generation = generation
  }
  return {
    observe: async () => ({
      desired: workload.replicas,
      ready: workload.replicas,
      updated: workload.replicas,
      settled: true,
      environment: { ...workload.environment },
      generation: workload.generation,
      observedAt: new Date().toISOString(),
    }),
    configure: async (environment, generation) => {
      obey(generation)
      world.effect(`configure:${region}`, () => {
        const changed = Object.entries(environment).some(([name, value]) => workload.environment[name] !== value)
        workload.environment = { ...workload.environment, ...environment }
        return changed
      })
    },
    scale: async (replicas, generation) => {
      obey(generation)
      world.effect(`scale:${region}`, () => {
        const changed = workload.replicas !== replicas
        workload.replicas = replicas
        return changed
      })
    },
  }
}

function cacheOf(world: World, region: string): Cache {
  const workload = world.workload(region)
  return {
    prewarm: async (pairs) => {
      world.effect(`prewarm:${region}`, () => {
        const changed = workload.cached === 0
        workload.cached = pairs.length
        return changed
      })
      return pairs.length
    },
    count: async (keys) => Math.min(keys.length, workload.cached),
    ping: async () => undefined,
  }
}

const good = (address: string): ProbeResult => ({ ok: true, status: 200, latencyMs: 1, failure: null, address })

/** The world behind the ports, as one worker reaches it. */
export function connectWorld(world: World): ManagedService {
  const answer = (): string => publicAnswers(world.traffic)[0] ?? ''
  return {
    agent: (serverId) => agentOf(world, serverId),
    postgres: (serverId) => postgresOf(world, serverId),
    platform: platformOf(world),
    authority: authorityOf(world),
    resolvers: [resolverOf(world)],
    trafficSwitch: world.traffic.method === 'health-switch' ? switchOf(world) : null,
    workload: (region) => workloadOf(world, region),
    cache: (region) => cacheOf(world, region),
    http: {
      // A created link leads on; everything else is a page.
      get: async (url) => ({
        ...good(url.includes('us-east') ? '127.1.1.10' : '127.1.2.10'),
        status: url.endsWith('/abc') ? 302 : 200,
      }),
      getByName: async () => ({ ...good(answer()), status: 302 }),
      createAndFollow: async () => ({ ...good(answer()), code: 'abc' }),
    },
  }
}
