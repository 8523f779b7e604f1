import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import type { z } from 'zod'
import { hostAddress, hostName, ports, type Region, regions } from '@/lab/addressing'
import { databaseId } from '@/lab/config/names'
import { consoleEnvironment } from '@/lab/environment'
import { requestJson } from '@/lab/http-client'
import type { Lab } from '@/lab/lab'
import { endLeftovers } from '@/lab/leftovers'
import { worker } from '@/lab/outside'
import { labPaths } from '@/lab/paths'
import { processesBelow, signal } from '@/lab/processes'
import { readSettings, repository } from '@/lab/settings'
import { startLab } from '@/lab/start-lab'
import { eventually } from '@/lab/testing'
import { createKubernetesWorkload } from '@/server/adapters/kubernetes/kubernetes'
import { createNames } from '@/server/adapters/names'
import { WriterOracle } from '../lab/oracle'
import type { Person } from '../lab/story'

/**
 * One lab for many cases: the regions, console and workers as people run them, the dual-writer oracle beside them, and ways to hurt each part. Everything that a case
 * reads goes through the HTTP API, but for the journal's rows: a case has to know to the millisecond where a run is, also while the console is away.
 */
export type Answer = { status: number; body: unknown }

export type JournalStep = { key: string; stepId: string; state: string }
export type JournalRun = {
  state: string
  reason: string | null
  generation: number
  leader: string | null
  steps: JournalStep[]
}

export type ArenaOptions = { net: number; port: number; stateDirectory: string; console: 'built' | 'routes' }

export const vantages = ['vantage-a', 'vantage-b'] as const
export type Vantage = (typeof vantages)[number]

type Extra = { name: string; child: ChildProcess }

export class Arena {
  readonly oracle: WriterOracle
  private sql: pg.Client | null = null
  private extras: Extra[] = []
  private routes: ChildProcess | null = null
  private stopping = false
  private readonly hosts: Record<Vantage, Record<string, string>>

  private constructor(readonly lab: Lab) {
    const hostsOf = (vantage: Vantage) => JSON.parse(readFileSync(lab.paths.hostsFile(vantage), 'utf8'))
    this.hosts = { 'vantage-a': hostsOf('vantage-a'), 'vantage-b': hostsOf('vantage-b') }
    this.oracle = new WriterOracle(
      regions.map((region) => ({ name: databaseId(region), ...lab.database(region, 'superuser') })),
    )
  }

  static async start(options: ArenaOptions): Promise<Arena> {
    const { net, stateDirectory } = options
    const previous = readSettings({ LIFEBOAT_STATE_DIR: stateDirectory }).stateDirectory
    await endLeftovers(labPaths(previous))
    rmSync(previous, { recursive: true, force: true })
    const lab = await startLab({
      ...{ net, stateDirectory: previous, consolePort: options.port },
      ...{ primaryInstances: 2, standbyInstances: 2, createsPerSecond: 5, followsPerSecond: 5 },
      with: { console: options.console === 'built' ? 'built' : false },
    })
    const arena = new Arena(lab)
    try {
      await arena.open(options)
      return arena
    } catch (error) {
      // A supervisor that is left would start again what the next lab ends.
      await arena.stop()
      throw error
    }
  }

  private async open(options: ArenaOptions): Promise<void> {
    if (options.console === 'routes') this.startRoutes()
    await eventually(
      'the console to answer',
      async () => (await this.call(null, 'GET', '/livez')).status === 200,
      60_000,
    )
    await this.oracle.start({ name: databaseId('us-east'), ...this.lab.database('us-east', 'superuser') })
  }

  async stop(): Promise<void> {
    this.stopping = true
    this.routes?.kill('SIGKILL')
    for (const each of this.extras) each.child.kill('SIGKILL')
    await this.oracle.stop()
    await this.sql?.end().catch(() => undefined)
    await this.lab.stop()
  }

  /** The route files' own handlers behind a plain HTTP server: the console without its pages, for a checkout whose console is not built. */
  private startRoutes(): void {
    const log = openSync(join(this.lab.paths.logs, 'console.log'), 'a')
    const child = spawn(process.execPath, ['--conditions=react-server', '--import', 'tsx', 'e2e/faults/routes.ts'], {
      cwd: repository,
      stdio: ['ignore', log, log],
      env: { NODE_ENV: 'production', ...consoleEnvironment(this.lab.settings, this.lab.paths) },
    })
    closeSync(log)
    this.routes = child
    child.once('exit', () => {
      if (!this.stopping) setTimeout(() => this.startRoutes(), 1_000)
    })
  }

  /** One call of the HTTP API; status 0 when nobody answers. */
  async call(who: Person | null, method: string, path: string, body?: unknown): Promise<Answer> {
    const token = who ? this.lab.access?.users[who]?.token : undefined
    try {
      const response = await fetch(`${this.lab.url}${path}`, {
        method,
        headers: {
          ...(token ? { authorization: `Bearer ${token}` } : {}),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(20_000),
      })
      const text = await response.text()
      const isJson = response.headers.get('content-type')?.includes('json') && text !== ''
      return { status: response.status, body: isJson ? JSON.parse(text) : text }
    } catch (error) {
      return { status: 0, body: String(error) }
    }
  }

  /** @throws Error with what was said; null while the console is away */
  async read<T>(schema: z.ZodType<T>, path: string, who: Person = 'viewer'): Promise<T | null> {
    const answer = await this.call(who, 'GET', path)
    return answer.status === 200 ? schema.parse(answer.body) : null
  }

  /** A statement on the control database as its owner; null while it is away. */
  async control<T extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<T[] | null> {
    try {
      if (this.sql === null) {
        const client = new pg.Client({ ...this.lab.control(), connectionTimeoutMillis: 1_000, query_timeout: 2_000 })
        client.on('error', () => undefined)
        await client.connect()
        this.sql = client
      }
      return (await this.sql.query<T>(text, values)).rows
    } catch (error) {
      const refused = error instanceof pg.DatabaseError && error.code !== undefined && !/^(08|57)/.test(error.code)
      if (refused) throw error
      void this.sql?.end().catch(() => undefined)
      this.sql = null
      return null
    }
  }

  async journal(runId: string): Promise<JournalRun | null> {
    const rows = await this.control<{
      state: string
      reason: string | null
      generation: string
      holder: string | null
      steps: JournalStep[]
    }>(
      `SELECT r.state, r.state_reason AS reason, l.generation::text, l.holder,
              (SELECT json_agg(json_build_object('key', s.key, 'stepId', s.step_id, 'state', s.state) ORDER BY s.position)
                 FROM run_step s WHERE s.run_id = r.id) AS steps
         FROM run r JOIN service_lease l ON l.service_id = r.service_id WHERE r.id = $1`,
      [runId],
    )
    const row = rows?.[0]
    return row ? { ...row, generation: Number(row.generation), leader: row.holder, steps: row.steps ?? [] } : null
  }

  async writer(): Promise<{ region: Region; serverId: string; timeline: number; generation: number }> {
    const row = await eventually(
      'the control database to know the writer',
      async () =>
        (
          await this.control<{ region: Region; server: string; timeline: number; generation: string }>(
            `SELECT s.writer_region AS region, s.writer_server_id AS server, s.writer_timeline AS timeline, l.generation::text
             FROM service s JOIN service_lease l ON l.service_id = s.id WHERE s.writer_region IS NOT NULL`,
          )
        )?.[0],
      30_000,
    )
    return { region: row.region, serverId: row.server, timeline: row.timeline, generation: Number(row.generation) }
  }

  /** One statement on a managed database as its superuser, at its own address. */
  async ask<T extends pg.QueryResultRow>(region: Region, text: string): Promise<T[]> {
    const client = new pg.Client({
      ...this.lab.database(region, 'superuser'),
      connectionTimeoutMillis: 2_000,
      query_timeout: 5_000,
    })
    client.on('error', () => undefined)
    await client.connect()
    try {
      return (await client.query<T>(text)).rows
    } finally {
      void client.end().catch(() => undefined)
    }
  }

  /** One operation of a host agent, at its own address; for setting the lab up, never for a case's own work. */
  async agent(
    region: Region,
    operation: string,
    body: object,
    timeoutMs = 30_000,
  ): Promise<{ status: number; body: unknown }> {
    const ask = () =>
      requestJson({
        method: 'POST',
        host: hostAddress(this.lab.settings.net, region, 'database'),
        port: ports.agent,
        path: `/v1/${operation}`,
        token: this.lab.secret('agent-token'),
        body,
        timeoutMs,
      })
    // One operation at a time: an agent that is reading what its server alone has is busy for a moment, and did nothing.
    return eventually(
      `${databaseId(region)} to be free for ${operation}`,
      async () => {
        const seen = await ask()
        return seen.status === 503 ? null : seen
      },
      60_000,
    )
  }

  /** Tells a region's instances who the writer is, as a failback would at its end; where they know already, nothing happens. */
  async pointWorkload(region: Region, writer: Region, generation: number): Promise<void> {
    const { settings } = this.lab
    const workload = createKubernetesWorkload({
      region,
      apiUrl: `http://${hostAddress(settings.net, region, 'cluster')}:${ports.cluster}`,
      token: () => this.lab.secret('cluster-token'),
      ...{ namespace: 'default', deployment: 'shortener', names: createNames(null) },
    })
    try {
      await workload.configure(
        { DATABASE_HOST: hostName(writer, 'database'), DATABASE_PORT: String(ports.postgres) },
        generation,
      )
    } finally {
      workload.close()
    }
  }

  /** Processes of one of the control plane's own parts. */
  signal(name: string, what: NodeJS.Signals): void {
    if (name === 'console' && this.routes) this.routes.kill(what)
    else this.lab.signal(name, what)
    for (const each of this.extras) if (each.name === name) each.child.kill(what)
  }

  /** Postmaster and backends together: stopping the postmaster alone stops nobody who is connected. */
  freezeControlDatabase(what: 'SIGSTOP' | 'SIGCONT'): void {
    for (const each of processesBelow([this.lab.paths.control])) signal(each, what)
  }

  /** A worker of its own, which nobody restarts; `clockMs` shifts what it takes for the time. */
  startWorker(name: string, vantage: 'a' | 'b', options: { clockMs?: number; workerId?: string } = {}): void {
    const { settings, paths } = this.lab
    const definition = worker(settings, paths, vantage)
    const log = openSync(join(paths.logs, `${name}.log`), 'a')
    const shift = join(repository, 'e2e/faults/shifted-clock.mjs')
    const child = spawn(definition.program, [...(options.clockMs ? ['--import', shift] : []), ...definition.args], {
      cwd: definition.cwd,
      stdio: ['ignore', log, log],
      env: {
        ...{ NODE_ENV: 'production', ...definition.environment },
        LIFEBOAT_WORKER_ID: options.workerId ?? name,
        ...(options.clockMs ? { SHIFT_CLOCK_MS: String(options.clockMs) } : {}),
      },
    })
    closeSync(log)
    this.extras.push({ name, child })
  }

  stopWorkers(): void {
    for (const each of this.extras) each.child.kill('SIGKILL')
    this.extras = []
  }

  /** Where names lead for the workers of one vantage point, as a change to where they lead in health; without one, in health again. */
  point(vantage: Vantage, change: (hosts: Record<string, string>) => Record<string, string> = (hosts) => hosts): void {
    writeFileSync(this.lab.paths.hostsFile(vantage), JSON.stringify(change({ ...this.hosts[vantage] })))
  }
}
