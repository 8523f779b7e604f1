import type { AgentOperation, AgentRequest, AgentResult } from '@/server/domain/agent-protocol'
import type { TableView } from './table-view'

/**
 * The managed systems in our own words. Each method is bounded in time by its adapter, and throws `Transient`, `Terminal`
 * or `Unreachable` only. Every effect is idempotent: asking for what is already so changes nothing.
 */

/** The agent beside one PostgreSQL server. */
export interface HostAgent {
  readonly serverId: string
  call<O extends AgentOperation>(operation: O, request: AgentRequest<O>): Promise<AgentResult<O>>
}

/** A PostgreSQL server asked directly over SQL: the other way, used to verify what an agent was told to do. */
export interface PostgresServer {
  readonly serverId: string
  /** Identity and role, read in one session. */
  identify(): Promise<{
    systemIdentifier: string
    inRecovery: boolean
    timeline: number
    currentLsn: string | null
    receivedLsn: string | null
    replayedLsn: string | null
  }>
  /**
   * Commits a heartbeat row and reads it back in a second session. Proof of a writable server; on a standby Terminal.
   * @returns position after the commit, and how long the write took
   */
  proveWritable(note: string): Promise<{ lsn: string; timeline: number; tookMs: number }>
  /** True when a connection could be opened and a write was *refused*, false when it was accepted. Throws Unreachable when it cannot be known. */
  refusesWrites(): Promise<boolean>
  /** One read-only statement from the service's configuration. */
  readPairs(query: string, limit: number): Promise<{ key: string; value: string }[]>
  /** The table's columns, primary key and own triggers, read without rights to change it; null when there is none of this name. */
  describeTable(table: string): Promise<{ columns: string[]; key: string[]; triggers: string[] } | null>
  /** Rows of a table by their primary key, every value as text; those that are not there are left out. */
  readByKey(
    table: string,
    key: readonly string[],
    wanted: readonly Readonly<Record<string, string | null>>[],
  ): Promise<Record<string, string | null>[]>
  /** Looks at the tables as of one moment for as long as `work` takes, at most the time limit. */
  readTables<T>(timeLimitMs: number, work: (view: TableView) => Promise<T>): Promise<T>
}

export type HostState = 'running' | 'starting' | 'stopping' | 'stopped' | 'unknown'

/** Whoever can cut a machine's power when nothing on it answers. */
export interface Platform {
  describeHost(hostId: string): Promise<{ hostId: string; state: HostState; observedAt: string; reason: string }>
  /** Hard power-off. `token` makes a repeated request the same request. */
  stopHost(hostId: string, token: string): Promise<void>
  startHost(hostId: string, token: string): Promise<void>
}

export type HealthStatus = 'healthy' | 'unhealthy' | 'unknown'

export interface DnsRecord {
  setIdentifier: string | null
  region: string | null
  type: string
  ttlSeconds: number
  values: string[]
  failover: 'PRIMARY' | 'SECONDARY' | null
  weight: number | null
  /** Continent or country code of a geolocation record, `*` for everywhere else; null for other records. */
  geo?: string | null
  healthCheckId: string | null
}

/** What one record of a geolocation name answers. A health check belongs to the values, and moves with them. */
export type RecordAnswer = { values: string[]; healthCheckId: string | null }

/** The authority for the public name (Route 53). */
export interface DnsAuthority {
  listRecords(zoneId: string, name: string): Promise<DnsRecord[]>
  healthStatus(healthCheckId: string): Promise<{ status: HealthStatus; observedAt: string; reports: string[] }>
  /** Swaps which answers are PRIMARY and SECONDARY. @returns the change to wait for */
  makePrimary(zoneId: string, name: string, answers: string[], comment: string): Promise<{ changeId: string }>
  changeStatus(changeId: string): Promise<'PENDING' | 'INSYNC'>
  /** Sets weights by set identifier, all or none, and leaves everything else of the records. @returns the change to wait for */
  setWeights(
    zoneId: string,
    name: string,
    weights: Readonly<Record<string, number>>,
    comment: string,
  ): Promise<{ changeId: string }>
  /** Sets what the records of a geolocation name answer, by set identifier, all or none. @returns the change to wait for */
  setGeoAnswers(
    zoneId: string,
    name: string,
    answers: Readonly<Record<string, RecordAnswer>>,
    comment: string,
  ): Promise<{ changeId: string }>
}

/** A resolver as users have one, asked by address. */
export interface Resolver {
  readonly address: string
  resolve(name: string): Promise<{ answers: string[]; ttlSeconds: number; tookMs: number }>
}

/** The prepared switch in the data plane: an object whose presence turns the primary's health check red. */
export interface TrafficSwitch {
  /** `region` is where traffic is to go; the switch object lives in that region's own store. */
  read(region: string): Promise<{ set: boolean; generation: number | null; observedAt: string }>
  set(region: string, generation: number, runId: string): Promise<void>
  clear(region: string, generation: number, runId: string): Promise<void>
}

/** A region's instances. */
export interface Workload {
  observe(): Promise<{
    desired: number
    ready: number
    updated: number
    settled: boolean
    environment: Record<string, string>
    generation: number | null
    observedAt: string
  }>
  /** Sets variables and rolls the instances. The run's generation is kept as an annotation; an older one is refused with StaleGeneration. */
  configure(environment: Record<string, string>, generation: number): Promise<void>
  scale(replicas: number, generation: number): Promise<void>
}

export interface Cache {
  /** Writes pairs with a time to live. @returns how many were written */
  prewarm(pairs: { key: string; value: string }[], ttlSeconds: number): Promise<number>
  /** How many of these keys exist. */
  count(keys: string[]): Promise<number>
  ping(): Promise<void>
}

export interface ProbeResult {
  ok: boolean
  status: number | null
  latencyMs: number
  /** What was wrong, in words for an operator; null when ok. */
  failure: string | null
  /** The address that answered or was tried. */
  address: string | null
}

/** HTTP as a user would do it. */
export interface HttpProbe {
  get(url: string, timeoutMs: number): Promise<ProbeResult>
  /** Through a resolver: resolve `host`, connect to the answer at `port`, path as given. */
  getByName(input: {
    resolver: Resolver
    name: string
    port: number
    path: string
    timeoutMs: number
  }): Promise<ProbeResult>
  /** Creates a link and follows it, through the name. `code` is what was created. */
  createAndFollow(input: {
    resolver: Resolver
    name: string
    port: number
    createPath: string
    followPath: string
    target: string
    timeoutMs: number
  }): Promise<ProbeResult & { code: string | null }>
}

/** An object store that can refuse to overwrite: where audit heads are anchored. */
export interface AnchorStore {
  readonly name: string
  /** @returns false when the key was already there (nothing was written) */
  putOnce(key: string, body: string): Promise<boolean>
  get(key: string): Promise<string | null>
  list(prefix: string): Promise<string[]>
}

/** Everything that a step may touch for one service, from one vantage point. */
export interface ManagedService {
  agent(serverId: string): HostAgent
  postgres(serverId: string): PostgresServer
  platform: Platform | null
  authority: DnsAuthority
  resolvers: Resolver[]
  trafficSwitch: TrafficSwitch | null
  workload(region: string): Workload
  cache(region: string): Cache | null
  http: HttpProbe
}
