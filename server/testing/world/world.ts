import { StaleGeneration, Terminal } from '@/server/ports/errors'
import { couldWrite, isWritable, makeServer, origin, stream, type WorldServer, write } from './servers'
import { startTraffic, type Traffic, trafficRegions } from './traffic'

/**
 * A two-region service in memory behind the real ports (`connect.ts`), for driving the real executor and the real steps through every failure. It obeys the same
 * rules as the real systems (generations, idempotence, a dead host stays dead, a standby is always a little behind) and watches the invariants itself, at each
 * effect: what it saw broken is in `broken`.
 *
 * An effect is named `verb:object` (`promote:db-us-west`, `configure:us-east`, `dns:us-west`) and noted in `effects` only if it changed something.
 */
export type RegionWorkload = {
  environment: Record<string, string>
  replicas: number
  generation: number
  cached: number
}

export type WorldOptions = {
  servers: readonly WorldServer[]
  /** Where users go at the start. */
  serving?: string
  /** Users write to whatever takes writes: positions move between any two calls. */
  users?: boolean
  /** An unplanned kind may leave writes behind; a planned one never. */
  mayLose?: boolean
  redirect?: Traffic['method']
}

export const worldRegions = ['us-east', 'us-west'] as const

export class World {
  readonly servers: Map<string, WorldServer>
  readonly power: Map<string, boolean>
  readonly workloads: Map<string, RegionWorkload>
  readonly traffic: Traffic
  readonly effects: string[] = []
  readonly broken: string[] = []
  users: boolean
  mayLose: boolean
  /** `server@timeline` that took a write for somebody who wanted to know. */
  readonly proved = new Set<string>()
  /** Called before each effect with its name; throwing there is the failure of that call. `after` fails once the effect is done: the answer was lost. */
  before: (call: string) => void = () => undefined
  after: (call: string) => void = () => undefined
  private served: readonly string[]

  constructor(options: WorldOptions = lostRegion()) {
    this.servers = new Map(options.servers.map((each) => [each.id, each]))
    this.power = new Map(options.servers.map((each) => [each.hostId, true]))
    this.users = options.users ?? false
    this.mayLose = options.mayLose ?? false
    const writer = options.servers.find(couldWrite) ?? options.servers[0]
    const serving = options.serving ?? writer?.region ?? 'us-east'
    this.workloads = new Map(
      worldRegions.map((region) => [
        region,
        {
          environment: { DATABASE_HOST: `${writer?.id}.test` },
          replicas: region === serving ? 10 : 5,
          generation: 0,
          cached: 0,
        },
      ]),
    )
    this.traffic = startTraffic(options.redirect ?? 'record', serving)
    if (writer) this.proved.add(`${writer.id}@${writer.timeline}`)
    this.served = trafficRegions(this.traffic)
  }

  server(id: string): WorldServer {
    const found = this.servers.get(id)
    if (!found) throw new TypeError(`no server ${id}`)
    return found
  }

  workload(region: string): RegionWorkload {
    const found = this.workloads.get(region)
    if (!found) throw new TypeError(`no region ${region}`)
    return found
  }

  /** Who a standby follows: hosts are `<server>.test`, or the server's own name. */
  upstreamOf(server: WorldServer): WorldServer | null {
    return server.follows ? (this.servers.get(server.follows.host.replace(/\.test$/, '')) ?? null) : null
  }

  followersOf(server: WorldServer): WorldServer[] {
    return [...this.servers.values()].filter((each) => each.up && this.upstreamOf(each) === server)
  }

  /** A moment passes at each call of a port: users write, standbys stream. */
  pass(): void {
    for (const each of this.servers.values()) stream(each, this.upstreamOf(each))
    if (!this.users) return
    for (const each of this.servers.values()) if (isWritable(each)) write(each)
  }

  /** Does one effect; the same call twice is a second effect only if it changed something twice. */
  effect(name: string, change: () => boolean): void {
    this.before(name)
    if (change()) this.effects.push(name)
    this.look()
    this.after(name)
  }

  breaks(what: string): void {
    if (!this.broken.includes(what)) this.broken.push(what)
  }

  /** Before a promotion: nobody else may be able to take writes, and on a planned way the candidate has everything. */
  expectPromotable(candidate: WorldServer): void {
    for (const other of this.servers.values()) {
      if (other === candidate || !couldWrite(other)) continue
      const powered = this.power.get(other.hostId) === true
      if (powered) this.breaks(`${candidate.id} was promoted while ${other.id} could come up writable`)
    }
    const old = [...this.servers.values()].find((each) => each !== candidate && each.role === 'primary')
    if (!this.mayLose && old && old.timeline === candidate.timeline && candidate.received < old.position)
      this.breaks(`${candidate.id} was promoted without everything that ${old.id} had acknowledged`)
  }

  private look(): void {
    const writable = [...this.servers.values()].filter(isWritable)
    if (writable.length > 1) this.breaks(`two writable primaries: ${writable.map((each) => each.id).join(' and ')}`)
    const now = trafficRegions(this.traffic)
    for (const region of now) if (!this.served.includes(region)) this.expectServable(region)
    this.served = now
  }

  /** A region that gets traffic has instances that know a server which was proved to take writes. */
  private expectServable(region: string): void {
    const host = this.workload(region).environment.DATABASE_HOST?.replace(/\.test$/, '') ?? ''
    const server = this.servers.get(host)
    if (!server || !isWritable(server) || !this.proved.has(`${server.id}@${server.timeline}`))
      this.breaks(`traffic moved to ${region}, whose instances know no primary that was proved writable`)
  }

  obey(system: string, target: { generation: number }, generation: number): void {
    if (generation < target.generation) throw new StaleGeneration(system, target.generation)
    target.generation = generation
  }

  /**
   * What a run that was taken back has to leave as it was: roles, histories, power, instances, traffic. Positions move on, generations grow and fences are gone or
   * not: none of them is what a person would miss.
   */
  shape(): unknown {
    return {
      servers: [...this.servers.values()].map(({ id, up, role, signal, timeline, forks, follows }) => ({
        ...{ id, up, role, signal, timeline, forks },
        follows: follows?.host ?? null,
      })),
      power: [...this.power],
      workloads: [...this.workloads].map(([region, { environment, replicas }]) => ({ region, environment, replicas })),
      traffic: {
        records: this.traffic.records.map((record) => ({ ...record })),
        turned: this.traffic.turned,
      },
    }
  }
}

/** us-east was primary and answers nobody any more; us-west followed it until then. */
export function lostRegion(over: Partial<WorldServer> = {}): WorldOptions {
  const east = makeServer('us-east', {
    role: 'primary',
    signal: false,
    up: false,
    agentUp: false,
    clean: false,
    ...over,
  })
  const west = makeServer('us-west', { follows: { host: 'db-us-east.test', port: 5432, slot: 'us_west' } })
  return { servers: [east, west], mayLose: true }
}

/** Both regions in health: us-east writes, us-west streams from it, users go to us-east and write. */
export function steadyRegions(over: Partial<WorldOptions> = {}): WorldOptions {
  const east = makeServer('us-east', { role: 'primary', signal: false, slots: new Set(['us_west']) })
  const west = makeServer('us-west', { follows: { host: 'db-us-east.test', port: 5432, slot: 'us_west' } })
  return { servers: [east, west], users: true, ...over }
}

/** After a failover: us-west writes on timeline 2; us-east is back, held down by its mark, and has `alone` bytes that us-west never got. */
export function returnedRegion(alone = 0x400, over: Partial<WorldOptions> = {}): WorldOptions {
  const fence = { reason: 'boot-guard' as const, runId: null, at: new Date().toISOString() }
  const end = origin + alone
  const east = makeServer('us-east', {
    role: 'standby',
    signal: true,
    fence,
    position: end,
    received: end,
    inFlight: end,
  })
  const west = makeServer('us-west', {
    ...{ role: 'primary' as const, signal: false, timeline: 2, forks: [{ timeline: 2, at: origin }] },
    ...{ position: origin + 0x2000, received: origin + 0x2000 },
  })
  return { servers: [east, west], serving: 'us-west', users: true, ...over }
}

/** For what a world does not know: the test should be told, not the step. */
export function unknownTo(system: string, what: string): Terminal {
  return new Terminal(system, `${what} is not part of this world: add it in server/testing/world`)
}
