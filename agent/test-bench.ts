import { type ChildProcess, spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { expect } from 'vitest'
import { buildProcesses } from '@/scripts/build'
import {
  type AgentObservation,
  type AgentOperation,
  type AgentRequest,
  type AgentResult,
  agentOperations,
} from '@/server/domain/agent-protocol'
import type { AgentConfigInput } from './config'
import { processesIn, signal } from './processes'

/** Real agents with real PostgreSQL servers, on addresses of their own, in a directory that is removed at the end. */
const token = 'test-token-of-the-agents'
const superuserPassword = "super'secret\\1"
const postgresPort = 15432
const agentPort = 15433

export interface Bench {
  directory: string
  program: string
  hosts: TestHost[]
}

export async function openBench(): Promise<Bench> {
  const directory = await mkdtemp(join(tmpdir(), 'lifeboat-agent-'))
  await chmod(directory, 0o755)
  const secrets = { token, superuser: superuserPassword, replication: 'repl:icat\\ion', monitor: 'mon-itor' }
  for (const [name, value] of Object.entries(secrets)) {
    await writeFile(join(directory, name), `${value}\n`, { mode: 0o600 })
  }
  await buildProcesses(join(directory, 'dist'), ['agent'])
  return { directory, program: join(directory, 'dist', 'agent.mjs'), hosts: [] }
}

export async function closeBench(bench: Bench): Promise<void> {
  for (const host of bench.hosts) await host.killEverything()
  await rm(bench.directory, { recursive: true, force: true })
}

/** A primary in the east and its standby in the west, both up and streaming. */
export async function openPair(bench: Bench, change: Partial<AgentConfigInput> = {}): Promise<[TestHost, TestHost]> {
  const hosts = { 'east.lab': '127.61.1.11', 'west.lab': '127.61.2.11' }
  await writeFile(join(bench.directory, 'hosts.json'), JSON.stringify(hosts))
  const east = new TestHost(bench, 'db-east-1', hosts['east.lab'], { ...change, initialRole: 'primary' })
  const west = new TestHost(bench, 'db-west-1', hosts['west.lab'], {
    ...change,
    initialRole: 'standby',
    follow: { host: 'east.lab', port: postgresPort, slot: 'db_west_1' },
  })
  await Promise.all([east.startAgent(), west.startAgent()])
  await east.until((seen) => seen.role === 'primary' && seen.acceptsWrites === true)
  await west.until((seen) => seen.receiver?.status === 'streaming')
  return [east, west]
}

export class CallError extends Error {
  constructor(
    readonly status: number,
    readonly error: { kind: string; message: string; newestGeneration?: number },
  ) {
    super(`${status} ${error.kind}: ${error.message}`)
  }
}

/** The one cast: the schema at `operation` parses to its own result, which the compiler cannot follow through the index. */
function parseResult<O extends AgentOperation>(operation: O, value: unknown): AgentResult<O> {
  return agentOperations[operation].result.parse(value) as AgentResult<O>
}

export class TestHost {
  readonly machine: string
  readonly dataDirectory: string
  private agent: ChildProcess | null = null
  private nonce: string | undefined

  constructor(
    readonly bench: Bench,
    readonly serverId: string,
    readonly address: string,
    private readonly options: Partial<AgentConfigInput> & Pick<AgentConfigInput, 'initialRole'>,
  ) {
    this.machine = join(bench.directory, serverId)
    this.dataDirectory = join(this.machine, 'data')
    bench.hosts.push(this)
  }

  private config(): AgentConfigInput {
    const { directory } = this.bench
    return {
      serverId: this.serverId,
      listen: { host: this.address, port: agentPort },
      postgres: {
        host: this.address,
        port: postgresPort,
        binDirectory: process.env.PG_BIN ?? '/usr/lib/postgresql/15/bin',
        dataDirectory: this.dataDirectory,
        osUser: 'postgres',
        superuserPasswordFile: join(directory, 'superuser'),
        replicationUser: 'replicator',
        replicationPasswordFile: join(directory, 'replication'),
        monitorUser: 'lifeboat',
        monitorPasswordFile: join(directory, 'monitor'),
        databaseName: 'links',
        settings: { shared_buffers: '16MB' },
        hostsFile: join(directory, 'hosts.json'),
      },
      tokenFile: join(directory, 'token'),
      stateDirectory: join(this.machine, 'agent'),
      selfFenceAfterMs: 600_000,
      heartbeatIntervalMs: 250,
      ...this.options,
    }
  }

  async startAgent(change: Partial<AgentConfigInput> = {}): Promise<void> {
    await mkdir(this.machine, { recursive: true })
    const configPath = join(this.machine, 'agent.json')
    await writeFile(configPath, JSON.stringify({ ...this.config(), ...change }))
    const log = await open(join(this.machine, 'agent.log'), 'a')
    this.agent = spawn(process.execPath, [this.bench.program, configPath], {
      cwd: this.machine,
      stdio: ['ignore', log.fd, log.fd],
    })
    await log.close()
  }

  /** Sends the agent alone a signal and waits for its end. */
  async endAgent(name: NodeJS.Signals): Promise<void> {
    const agent = this.agent
    this.agent = null
    if (!agent || agent.exitCode !== null) return
    const ended = new Promise((resolve) => agent.once('exit', resolve))
    agent.kill(name)
    await ended
  }

  /** As when the power goes: nothing gets to say goodbye. */
  async killEverything(): Promise<void> {
    await this.endAgent('SIGKILL')
    await eventually(() => {
      const left = processesIn(this.dataDirectory)
      for (const found of left) signal(found.pid, 'SIGKILL')
      return left.length === 0
    })
  }

  processes() {
    return processesIn(this.dataDirectory)
  }

  async postmasterPid(): Promise<number> {
    return Number((await readFile(join(this.dataDirectory, 'postmaster.pid'), 'utf8')).split('\n')[0])
  }

  async post(operation: string, body: string, authorization = `Bearer ${token}`): Promise<Response> {
    return await fetch(`http://${this.address}:${agentPort}/v1/${operation}`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body,
    })
  }

  async call<O extends AgentOperation>(operation: O, request: AgentRequest<O>): Promise<AgentResult<O>> {
    const response = await this.post(operation, JSON.stringify(request))
    const body = await response.json()
    if (!response.ok) throw new CallError(response.status, body.error)
    return parseResult(operation, body.result)
  }

  /** Without the echo the agent takes its control plane for lost. */
  async observe(options: { echo?: boolean } = {}): Promise<AgentObservation> {
    const response = await this.post('observe', JSON.stringify(options.echo ? { echo: this.nonce } : {}))
    const observation = agentOperations.observe.result.parse((await response.json()).result)
    this.nonce = observation.nonce
    return observation
  }

  /** Polls until the observation is as wanted. */
  async until(isSo: (observation: AgentObservation) => boolean, echo = false): Promise<AgentObservation> {
    let last: AgentObservation | undefined
    await eventually(
      async () => {
        last = await this.observe({ echo }).catch(() => undefined)
        return last !== undefined && isSo(last)
      },
      () => JSON.stringify(last),
    )
    if (!last) throw new Error('no observation')
    return last
  }

  async connect(user: 'postgres' | 'lifeboat' = 'postgres'): Promise<pg.Client> {
    const client = new pg.Client({
      host: this.address,
      port: postgresPort,
      user,
      password: user === 'postgres' ? superuserPassword : 'mon-itor',
      database: 'links',
      connectionTimeoutMillis: 3_000,
      query_timeout: 5_000,
    })
    client.on('error', () => undefined)
    await client.connect()
    return client
  }

  async sql(text: string): Promise<Record<string, unknown>[]> {
    const client = await this.connect()
    try {
      return (await client.query(text)).rows
    } finally {
      client.end().catch(() => undefined)
    }
  }
}

/** Asks again and again until it is so, or fails saying what was seen last. */
export async function eventually(
  isSo: () => boolean | Promise<boolean>,
  describe: () => string = () => '',
  deadlineMs = 30_000,
): Promise<void> {
  const end = Date.now() + deadlineMs
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`it did not come about in ${deadlineMs} ms: ${describe()}`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

/** The kind of the refusal, or an assertion error when it was not refused. */
export async function refusal(call: Promise<unknown>): Promise<CallError['error'] & { status: number }> {
  const outcome = await call.then(
    () => new Error('the call was obeyed'),
    (error: unknown) => error,
  )
  expect(outcome).toBeInstanceOf(CallError)
  if (!(outcome instanceof CallError)) throw new Error('unreachable')
  return { ...outcome.error, status: outcome.status }
}
