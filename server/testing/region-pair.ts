import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { killBelow } from '@/lab/processes'
import { eventually } from '@/lab/testing'
import { buildProcesses } from '@/scripts/build'
import { createNames } from '@/server/adapters/names'
import { createSecrets } from '@/server/adapters/secrets'
import type { AgentObservation } from '@/server/domain/agent-protocol'
import { type ServiceConfig, serviceConfig } from '@/server/domain/service-config'
import { type ConnectedService, connectManagedService } from '@/server/wiring-managed'

/** Two real servers with their agents, power in the hands of a real platform: the least in which fencing and promotion can be true or false. */
export type RegionPair = {
  config: ServiceConfig
  service: ConnectedService
  /** Where names lead from the worker's point of view; an address where nobody listens cuts a server off. */
  point(name: string, address: string): void
  /** A fault or its end, by the platform: `kill`, `freeze`, `thaw`, `restore`. */
  fault(verb: string, region: string, options?: { grey: boolean }): Promise<void>
  close(): Promise<void>
}

const regions = { 'us-east': { n: 1, short: 'east' }, 'us-west': { n: 2, short: 'west' } } as const
type Region = keyof typeof regions
const serverIdOf = (region: Region) => `db-${regions[region].short}-1`
const nameOf = (region: Region) => `${serverIdOf(region)}.lab`
const secretValues = {
  token: 'agent-token',
  platform: 'platform-token',
  lab: 'lab-token',
  superuser: 's-u',
  replication: 'r-e',
  monitor: 'm-o',
}

export async function openRegionPair(net: number, selfFenceAfterMs: number): Promise<RegionPair> {
  const root = mkdtempSync(join(tmpdir(), 'lifeboat-pair-'))
  chmodSync(root, 0o755)
  for (const [name, value] of Object.entries(secretValues)) writeFileSync(join(root, name), value, { mode: 0o600 })
  await buildProcesses(join(root, 'dist'), ['agent', 'platform'])
  const addresses: Record<string, string> = Object.fromEntries(
    (Object.keys(regions) as Region[]).map((region) => [nameOf(region), `127.${net}.${regions[region].n}.11`]),
  )
  writeFileSync(join(root, 'agent-hosts.json'), JSON.stringify(addresses))
  writeFileSync(join(root, 'hosts.json'), JSON.stringify(addresses))
  const platform = startPlatform(root, net, selfFenceAfterMs, addresses)
  const config = configOf(root, net)
  const options = { names: createNames(join(root, 'hosts.json')), secrets: createSecrets({}), vantage: 'vantage-a' }
  const service = connectManagedService(config, options)
  const watching = watch(service)
  const close = async () => {
    clearInterval(watching)
    await service.close()
    platform.kill('SIGKILL')
    await killBelow([join(root, 'machines')])
    rmSync(root, { recursive: true, force: true })
  }
  try {
    await untilSeen(service, 'db-east-1', (seen) => seen.role === 'primary' && seen.acceptsWrites === true)
    await untilSeen(service, 'db-west-1', (seen) => seen.receiver?.status === 'streaming')
  } catch (error) {
    await close()
    throw error
  }
  return {
    config,
    service,
    point(name, address) {
      addresses[name] = address
      writeFileSync(join(root, 'hosts.json'), JSON.stringify(addresses))
    },
    async fault(verb, region, body = { grey: false }) {
      const answer = await fetch(`http://127.${net}.0.1:15381/lab/v1/${verb}/${region}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${secretValues.lab}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      if (!answer.ok) throw new Error(`the platform answered ${answer.status}: ${await answer.text()}`)
    },
    close,
  }
}

/** The superuser of a server of the pair, for what the monitoring role may not do. */
export async function asSuperuser(address: string, statements: string[]): Promise<void> {
  const client = new Client({
    host: address,
    port: 15432,
    user: 'postgres',
    password: secretValues.superuser,
    database: 'shortener',
  })
  await client.connect()
  for (const statement of statements) await client.query(statement)
  await client.end()
}

/** Rows of one statement, as the superuser. The caller says what they hold. */
export async function query<R>(address: string, statement: string): Promise<R[]> {
  const client = new Client({
    host: address,
    port: 15432,
    user: 'postgres',
    password: secretValues.superuser,
    database: 'shortener',
  })
  await client.connect()
  try {
    const { rows } = await client.query(statement)
    return rows
  } finally {
    await client.end()
  }
}

/** Asks a server's agent until what it sees is as wanted. */
export function untilSeen(
  service: ConnectedService,
  serverId: string,
  wanted: (seen: AgentObservation) => boolean,
  deadlineMs = 30_000,
): Promise<AgentObservation> {
  return eventually(
    `${serverId} to be as wanted`,
    async () => {
      const seen = await service
        .agent(serverId)
        .call('observe', {})
        .catch(() => null)
      return seen !== null && wanted(seen) ? seen : null
    },
    deadlineMs,
  )
}

/** As a worker's collectors do: an agent that nobody asks takes itself for isolated. */
function watch(service: ConnectedService): NodeJS.Timeout {
  return setInterval(() => {
    for (const serverId of ['db-east-1', 'db-west-1']) {
      service
        .agent(serverId)
        .call('observe', {})
        .catch(() => undefined)
    }
  }, 500)
}

function startPlatform(
  root: string,
  net: number,
  selfFenceAfterMs: number,
  addresses: Record<string, string>,
): ChildProcess {
  const hosts = (Object.keys(regions) as Region[]).map((region) => {
    const directory = join(root, 'machines', serverIdOf(region))
    mkdirSync(directory, { recursive: true })
    const agentFile = join(root, `${serverIdOf(region)}.json`)
    writeFileSync(agentFile, JSON.stringify(agentConfigOf(root, region, directory, selfFenceAfterMs, addresses)))
    const args = [join(root, 'dist', 'agent.mjs'), agentFile]
    const logFile = join(root, `${serverIdOf(region)}.log`)
    const environment = { PATH: process.env.PATH ?? '/usr/bin:/bin' }
    const grey = { process: 'agent', dataDirectory: join(directory, 'data') }
    const agent = { name: 'agent', program: process.execPath, args, environment, logFile }
    return { hostId: `host-${regions[region].short}`, region, directory, grey, processes: [agent] }
  })
  const file = join(root, 'platform.json')
  const secrets = { tokenFile: join(root, 'platform'), labTokenFile: join(root, 'lab') }
  const listen = { host: `127.${net}.0.1`, port: 15381 }
  writeFileSync(file, JSON.stringify({ listen, ...secrets, stateFile: join(root, 'platform-state.json'), hosts }))
  return spawn(process.execPath, [join(root, 'dist', 'platform.mjs'), file], { stdio: ['ignore', 'ignore', 'inherit'] })
}

function agentConfigOf(
  root: string,
  region: Region,
  directory: string,
  selfFenceAfterMs: number,
  addresses: Record<string, string>,
) {
  const host = addresses[nameOf(region)]
  return {
    serverId: serverIdOf(region),
    listen: { host, port: 15433 },
    postgres: {
      host,
      port: 15432,
      binDirectory: process.env.PG_BIN ?? '/usr/lib/postgresql/15/bin',
      dataDirectory: join(directory, 'data'),
      osUser: process.getuid?.() === 0 ? 'postgres' : null,
      superuserPasswordFile: join(root, 'superuser'),
      replicationUser: 'replicator',
      replicationPasswordFile: join(root, 'replication'),
      monitorUser: 'lifeboat',
      monitorPasswordFile: join(root, 'monitor'),
      databaseName: 'shortener',
      settings: { shared_buffers: '16MB' },
      hostsFile: join(root, 'agent-hosts.json'),
    },
    tokenFile: join(root, 'token'),
    stateDirectory: join(directory, 'agent'),
    selfFenceAfterMs,
    heartbeatIntervalMs: 250,
    initialRole: region === 'us-east' ? 'primary' : 'standby',
    ...(region === 'us-west' && { follow: { host: nameOf('us-east'), port: 15432, slot: 'db_west_1' } }),
  }
}

function configOf(root: string, net: number): ServiceConfig {
  return serviceConfig.parse({
    id: 'shortener',
    name: 'URL shortener',
    regions: (Object.keys(regions) as Region[]).map((region) => ({
      id: region,
      name: region,
      initialRole: region === 'us-east' ? 'primary' : 'standby',
      endpointUrl: `http://endpoint-${regions[region].short}.lab:18080`,
      answers: [`127.${net}.${regions[region].n}.10`],
      servers: [
        {
          id: serverIdOf(region),
          host: nameOf(region),
          port: 15432,
          agentUrl: `http://${nameOf(region)}:15433`,
          platformHostId: `host-${regions[region].short}`,
        },
      ],
      cache: { host: `127.${net}.${regions[region].n}.13`, port: 16379 },
      workload: {
        kind: 'kubernetes',
        apiUrl: 'http://cluster.lab',
        tokenRef: `file:${root}/token`,
        deployment: 'shortener',
      },
    })),
    database: { name: 'shortener', passwordRef: `file:${root}/monitor`, agentTokenRef: `file:${root}/token` },
    platform: { url: `http://127.${net}.0.1:15381`, tokenRef: `file:${root}/platform` },
    dns: {
      name: 'go.lab',
      zoneId: 'ZLAB',
      resolvers: [`127.${net}.0.1:15354`],
      route53: {},
      redirect: { method: 'record' },
    },
  })
}
