import { Resolver } from 'node:dns/promises'
import { delayedRegion, hostAddress, ports, type Region, regions } from '@/lab/addressing'
import type { InspectedHost, LabClient, LinkStatus } from '@/lab/client'
import { databaseId, delayedId, publicName } from '@/lab/config/names'
import { readLabFile, runningSupervisor } from '@/lab/lab-file'
import type { LabPaths } from '@/lab/paths'
import { isAlive } from '@/lab/processes'
import type { AgentObservation } from '@/server/domain/agent-protocol'

export interface DatabaseStatus {
  serverId: string
  region: Region
  host: string
  port: number
  agentPort: number
  /** From the agent's own observation; `unknown` when it does not answer. */
  role: 'primary' | 'standby' | 'unknown'
  state: AgentObservation['state'] | 'unknown'
  acceptsWrites: boolean | null
  timeline: number | null
  position: string | null
  fence: AgentObservation['fence']
  /** Why nothing is known; null when the agent answered. */
  failure: string | null
}

export interface Answer {
  resolver: string
  addresses: string[]
  failure: string | null
}

export interface LabStatus {
  running: boolean
  consoleUrl: string | null
  net: number
  stateDirectory: string
  supervisor: number | null
  outside: { name: string; pid: number; alive: boolean; restarts: number; address: string | null; logFile: string }[]
  hosts: InspectedHost[]
  databases: DatabaseStatus[]
  services: { name: string; region: Region; host: string; port: number }[]
  /** What the public name answers now, at each resolver. */
  name: { name: string; answers: Answer[] }
  /** Only those with a fault. */
  faults: LinkStatus[]
  links: number
}

async function databaseStatus(
  client: LabClient,
  region: Region,
  role: 'database' | 'delayed' = 'database',
): Promise<DatabaseStatus> {
  const known = {
    serverId: role === 'delayed' ? delayedId : databaseId(region),
    region,
    host: hostAddress(client.net, region, role),
    port: ports.postgres,
    agentPort: ports.agent,
  }
  try {
    const seen = await client.observe(region, undefined, role)
    return {
      ...known,
      role: seen.role ?? 'unknown',
      state: seen.state,
      acceptsWrites: seen.acceptsWrites,
      timeline: seen.timeline,
      position: seen.currentLsn ?? seen.replayedLsn ?? seen.control?.checkpointLsn ?? null,
      fence: seen.fence,
      failure: null,
    }
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error)
    const unknown = { role: 'unknown', state: 'unknown', acceptsWrites: null, timeline: null } as const
    return { ...known, ...unknown, position: null, fence: null, failure }
  }
}

async function answerOf(net: number, port: number): Promise<Answer> {
  const address = `${hostAddress(net, 'outside', 'outside')}:${port}`
  const resolver = new Resolver({ timeout: 1_000, tries: 1 })
  resolver.setServers([address])
  try {
    return { resolver: address, addresses: await resolver.resolve4(publicName), failure: null }
  } catch (error) {
    return { resolver: address, addresses: [], failure: error instanceof Error ? error.message : String(error) }
  }
}

function outsideAddress(net: number, name: string, consoleUrl: string): string | null {
  const own: Record<string, number> = {
    'control-postgres': ports.postgres,
    'control-redis': ports.redis,
    network: ports.network,
    dns: ports.dns,
    platform: ports.platform,
    traffic: ports.traffic,
  }
  if (name === 'console') return consoleUrl
  const port = own[name]
  return port === undefined ? null : `${hostAddress(net, 'outside', 'outside')}:${port}`
}

/** Everything that can be said of a lab now; what does not answer is unknown, and never fails the whole. */
export async function labStatus(net: number, paths: LabPaths, client: LabClient): Promise<LabStatus> {
  const file = readLabFile(paths)
  const supervisor = runningSupervisor(paths)
  const [hosts, links, databases, answers] = await Promise.all([
    client.hosts().catch(() => []),
    client.links().catch(() => []),
    Promise.all(regions.map((region) => databaseStatus(client, region))),
    Promise.all([ports.resolverA, ports.resolverB].map((port) => answerOf(net, port))),
  ])
  const serviceRoles = { endpoint: ports.endpoint, cluster: ports.cluster, cache: ports.redis, store: ports.store }
  const roleNames = ['endpoint', 'cluster', 'cache', 'store'] as const
  // Only where it stands: a lab may be without.
  const late = hosts.some((host) => host.hostId === delayedId)
    ? [await databaseStatus(client, delayedRegion, 'delayed')]
    : []
  return {
    running: supervisor !== null,
    consoleUrl: file?.consoleUrl ?? null,
    net,
    stateDirectory: paths.state,
    supervisor: supervisor?.pid ?? null,
    outside: (file?.processes ?? []).map((one) => ({
      name: one.name,
      pid: one.pid,
      alive: isAlive(one),
      restarts: one.restarts,
      address: outsideAddress(net, one.name, file?.consoleUrl ?? ''),
      logFile: one.logFile,
    })),
    hosts,
    databases: [...databases, ...late],
    services: regions.flatMap((region) =>
      roleNames.map((name) => ({ name, region, host: hostAddress(net, region, name), port: serviceRoles[name] })),
    ),
    name: { name: publicName, answers },
    faults: links.filter((link) => link.mode !== 'open'),
    links: links.length,
  }
}
