/** The lab's address plan; `lab/README.md` explains it. */
export const ports = {
  postgres: 15432,
  agent: 15433,
  endpoint: 18080,
  cluster: 16443,
  redis: 16379,
  store: 19000,
  route53: 15380,
  platform: 15381,
  network: 15382,
  traffic: 15383,
  dns: 15353,
  resolverA: 15354,
  resolverB: 15355,
} as const

export const regions = ['us-east', 'us-west'] as const
export type Region = (typeof regions)[number]
export const viewers = ['us-east', 'us-west', 'vantage-a', 'vantage-b'] as const
export type Viewer = (typeof viewers)[number]

const zoneNumber: Record<Region | 'outside', number> = { outside: 0, 'us-east': 1, 'us-west': 2 }
const viewerNumber: Record<Viewer, number> = { 'us-east': 1, 'us-west': 2, 'vantage-a': 8, 'vantage-b': 9 }
const hostNumber = { outside: 1, endpoint: 10, database: 11, cluster: 12, cache: 13, store: 14, delayed: 15 } as const
export type HostRole = keyof typeof hostNumber

/** `east` for us-east: the short form in host names. */
export function shortName(region: Region): string {
  return region.replace('us-', '')
}

/** Where a host really listens. */
export function hostAddress(net: number, zone: Region | 'outside', role: HostRole): string {
  return `127.${net}.${zoneNumber[zone]}.${hostNumber[role]}`
}

/** Where `viewer` reaches a host of `zone`: forwarded by the network process, unless it is the viewer's own region. */
export function viewAddress(net: number, viewer: Viewer, zone: Region, role: HostRole): string {
  if (viewer === zone) return hostAddress(net, zone, role)
  return `127.${net}.${100 + 10 * viewerNumber[viewer] + zoneNumber[zone]}.${hostNumber[role]}`
}

const servicePorts: Partial<Record<HostRole, number[]>> = {
  endpoint: [ports.endpoint],
  database: [ports.postgres, ports.agent],
  cluster: [ports.cluster],
  cache: [ports.redis],
  store: [ports.store],
  delayed: [ports.postgres, ports.agent],
}

/** Where the standby is that is held behind on purpose: beside the one that it takes its WAL from. */
export const delayedRegion: Region = 'us-west'

const hasRole = (zone: Region, role: HostRole): boolean => role !== 'delayed' || zone === delayedRegion

export type Link = { viewer: Viewer; zone: Region; listen: string; target: string; port: number }

/** Every forwarded link of a lab. */
export function links(net: number): Link[] {
  return viewers.flatMap((viewer) =>
    regions
      .filter((zone) => zone !== viewer)
      .flatMap((zone) =>
        (Object.keys(servicePorts) as HostRole[]).flatMap((role) =>
          (hasRole(zone, role) ? (servicePorts[role] ?? []) : []).map((port) => ({
            viewer,
            zone,
            listen: viewAddress(net, viewer, zone, role),
            target: hostAddress(net, zone, role),
            port,
          })),
        ),
      ),
  )
}

/** The name of a host in `lifeboat.yaml`. */
export function hostName(zone: Region, role: HostRole): string {
  const short = shortName(zone)
  if (role === 'delayed') return `db-${short}-2.lab`
  return role === 'database' ? `db-${short}-1.lab` : `${role}-${short}.lab`
}

/** Name → address as one viewer sees it: the content of its hosts file. */
export function hostsFile(net: number, viewer: Viewer): Record<string, string> {
  const roles: HostRole[] = ['endpoint', 'database', 'cluster', 'cache', 'store', 'delayed']
  return Object.fromEntries(
    regions.flatMap((zone) =>
      roles
        .filter((role) => hasRole(zone, role))
        .map((role) => [hostName(zone, role), viewAddress(net, viewer, zone, role)]),
    ),
  )
}
