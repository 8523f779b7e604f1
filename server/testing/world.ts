import type { AgentObservation, AgentOperation, AgentRequest, AgentResult } from '@/server/domain/agent-protocol'
import { StaleGeneration, Terminal, Unreachable } from '@/server/ports/errors'
import type { HostAgent, ManagedService, PostgresServer, ProbeResult, Workload } from '@/server/ports/managed'
import { agentFacts } from './facts'

/**
 * A two-region service in memory behind the real ports, for driving the real executor and the real steps through every failure. It obeys the same rules
 * as the real systems (generations, idempotence, a dead host stays dead) and watches the invariants itself: what it saw broken is in `broken`.
 */
export type WorldServer = {
  id: string
  hostId: string
  up: boolean
  role: 'primary' | 'standby'
  timeline: number
  signal: boolean
  generation: number
}

export class World {
  readonly servers = new Map<string, WorldServer>([
    [
      'db-us-east',
      {
        id: 'db-us-east',
        hostId: 'host-us-east',
        up: false,
        role: 'primary',
        timeline: 1,
        signal: false,
        generation: 0,
      },
    ],
    [
      'db-us-west',
      { id: 'db-us-west', hostId: 'host-us-west', up: true, role: 'standby', timeline: 1, signal: true, generation: 0 },
    ],
  ])
  readonly power = new Map([
    ['host-us-east', true],
    ['host-us-west', true],
  ])
  readonly effects: string[] = []
  readonly broken: string[] = []
  environment: Record<string, string> = { DATABASE_HOST: 'db-us-east.test' }
  workloadGeneration = 0
  replicas = 5
  cached = 0
  answers = ['127.1.1.10']
  provedWritable = false
  /** Called before each effect with its name; throwing there is the failure of that call. `after` fails once the effect is done: the answer was lost. */
  before: (call: string) => void = () => undefined
  after: (call: string) => void = () => undefined

  server(id: string): WorldServer {
    const found = this.servers.get(id)
    if (!found) throw new TypeError(`no server ${id}`)
    return found
  }

  /** Does one effect; the same call twice is a second effect only if it changed something twice. */
  effect(name: string, change: () => boolean): void {
    this.before(name)
    if (change()) this.effects.push(name)
    this.look()
    this.after(name)
  }

  private look(): void {
    const writable = [...this.servers.values()].filter((each) => each.up && each.role === 'primary')
    if (writable.length > 1)
      this.broken.push(`two writable primaries: ${writable.map((each) => each.id).join(' and ')}`)
    if (this.answers.includes('127.1.2.10') && !this.provedWritable)
      this.broken.push('traffic moved before the new primary was proved writable')
  }

  obey(server: WorldServer, generation: number): void {
    if (generation < server.generation) throw new StaleGeneration(`agent ${server.id}`, server.generation)
    server.generation = generation
  }
}

function agentOf(world: World, serverId: string): HostAgent {
  const observe = (): AgentObservation => {
    const server = world.server(serverId)
    return agentFacts({
      serverId,
      state: server.up ? 'running' : 'stopped',
      role: server.up ? server.role : null,
      timeline: server.timeline,
      standbySignal: server.signal,
      control: {
        state: server.up ? 'in production' : 'shut down',
        checkpointLsn: '0/3000100',
        redoLsn: '0/3000100',
        timeline: server.timeline,
      },
      newestGeneration: server.generation,
    })
  }
  const answer = (operation: AgentOperation, request: AgentRequest<AgentOperation>): unknown => {
    const server = world.server(serverId)
    if (!world.power.get(server.hostId) || (serverId === 'db-us-east' && !server.up))
      throw new Unreachable(`agent ${serverId}`, 'no answer')
    if (operation === 'observe') return observe()
    if ('generation' in request) world.obey(server, request.generation)
    if (operation === 'promote') {
      const already = server.role === 'primary'
      world.effect('promote', () => {
        if (already) return false
        Object.assign(server, { role: 'primary', timeline: server.timeline + 1, signal: false })
        return true
      })
      return { timeline: server.timeline, forkLsn: '0/3000100', already }
    }
    throw new Terminal(`agent ${serverId}`, `${operation} is not part of this world`)
  }
  return {
    serverId,
    // Guarantee: `answer` gives each operation the result its schema names.
    call: async <O extends AgentOperation>(operation: O, request: AgentRequest<O>) =>
      answer(operation, request) as AgentResult<O>,
  }
}

function postgresOf(world: World, serverId: string): PostgresServer {
  const up = (): WorldServer => {
    const server = world.server(serverId)
    if (!server.up) throw new Unreachable(`postgres ${serverId}`, 'connection refused')
    return server
  }
  return {
    serverId,
    identify: async () => ({
      systemIdentifier: '7001',
      inRecovery: up().role === 'standby',
      timeline: up().timeline,
      currentLsn: null,
      receivedLsn: '0/3000100',
      replayedLsn: '0/3000100',
    }),
    proveWritable: async () => {
      const server = up()
      if (server.role !== 'primary') throw new Terminal(`postgres ${serverId}`, 'read-only')
      world.provedWritable = true
      return { lsn: '0/3000200', timeline: server.timeline, tookMs: 1 }
    },
    refusesWrites: async () => up().role === 'standby',
    readPairs: async () => [{ key: 'link:a', value: 'https://example.com' }],
  }
}

function workloadOf(world: World): Workload {
  const observe = async () => ({
    desired: world.replicas,
    ready: world.replicas,
    updated: world.replicas,
    settled: true,
    environment: { ...world.environment },
    generation: world.workloadGeneration,
    observedAt: new Date().toISOString(),
  })
  const obey = (generation: number): void => {
    if (generation < world.workloadGeneration) throw new StaleGeneration('cluster', world.workloadGeneration)
    world.workloadGeneration = generation
  }
  return {
    observe,
    configure: async (environment, generation) => {
      obey(generation)
      world.effect('configure', () => {
        const changed = Object.entries(environment).some(([name, value]) => world.environment[name] !== value)
        world.environment = { ...world.environment, ...environment }
        return changed
      })
    },
    scale: async (replicas, generation) => {
      obey(generation)
      world.effect('scale', () => {
        const changed = world.replicas !== replicas
        world.replicas = replicas
        return changed
      })
    },
  }
}

const good = (address: string): ProbeResult => ({ ok: true, status: 200, latencyMs: 1, failure: null, address })

/** The world behind the ports, as one worker reaches it. */
export function connectWorld(world: World): ManagedService {
  const hostState = (hostId: string): 'running' | 'stopped' => (world.power.get(hostId) ? 'running' : 'stopped')
  return {
    agent: (serverId) => agentOf(world, serverId),
    postgres: (serverId) => postgresOf(world, serverId),
    platform: {
      describeHost: async (hostId) => ({
        hostId,
        state: hostState(hostId),
        observedAt: new Date().toISOString(),
        reason: 'as it is',
      }),
      stopHost: async (hostId) =>
        world.effect('power-off', () => {
          const was = world.power.get(hostId) === true
          world.power.set(hostId, false)
          for (const server of world.servers.values()) if (server.hostId === hostId) server.up = false
          return was
        }),
      startHost: async (hostId) =>
        world.effect('power-on', () => {
          const was = world.power.get(hostId) === true
          world.power.set(hostId, true)
          return !was
        }),
    },
    authority: {
      listRecords: async () => [
        {
          setIdentifier: 'primary',
          region: 'us-east',
          type: 'A',
          ttlSeconds: 1,
          values: world.answers,
          failover: 'PRIMARY',
          weight: null,
          healthCheckId: null,
        },
      ],
      healthStatus: async () => ({ status: 'healthy', observedAt: new Date().toISOString(), reports: [] }),
      makePrimary: async (_zone, _name, answers) => {
        world.effect('dns', () => {
          const changed = world.answers.join() !== answers.join()
          world.answers = [...answers]
          return changed
        })
        return { changeId: 'C1' }
      },
      changeStatus: async () => 'INSYNC',
    },
    resolvers: [
      { address: '127.1.0.1:53', resolve: async () => ({ answers: world.answers, ttlSeconds: 1, tookMs: 1 }) },
    ],
    trafficSwitch: null,
    workload: () => workloadOf(world),
    cache: () => ({
      prewarm: async (pairs) => {
        world.effect('prewarm', () => {
          const changed = world.cached === 0
          world.cached = pairs.length
          return changed
        })
        return pairs.length
      },
      count: async (keys) => Math.min(keys.length, world.cached),
      ping: async () => undefined,
    }),
    http: {
      get: async () => good('127.1.2.10'),
      getByName: async () => ({ ...good(world.answers[0] ?? ''), status: 302 }),
      createAndFollow: async () => ({ ...good(world.answers[0] ?? ''), code: 'abc' }),
    },
  }
}
