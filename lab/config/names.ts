import { delayedRegion, type Region, regions, shortName } from '@/lab/addressing'

/** What the lab's parts must agree on, once. */
export const serviceId = 'shortener'
export const zone = 'lab'
export const publicName = 'go.lab'
/** Served by both regions: one by weight, one by where the resolver is. */
export const weightedName = 'links.lab'
export const geolocationName = 'geo.lab'
export const zoneId = 'ZLABGO000001'
export const databaseName = 'shortener'
export const shortenerUser = 'shortener'
export const monitorUser = 'lifeboat'
export const replicationUser = 'replicator'
export const deployment = 'shortener'
export const namespace = 'default'
/** Holds the traffic switch; `audit` holds published heads of the audit chain. */
export const switchBucket = 'lifeboat'
export const switchKey = `switch/${serviceId}`
export const auditBucket = 'audit'
/** Shortened against what a service would have; the lab's README says so. */
export const ttlSeconds = 2
export const selfFenceMs = 10_000

export const databaseId = (region: Region) => `db-${shortName(region)}-1`
export const slotName = (region: Region) => databaseId(region).replaceAll('-', '_')
export const otherRegion = (region: Region): Region => (region === 'us-east' ? 'us-west' : 'us-east')

/** Held this far behind on purpose; shortened like all timings of the lab. */
export const delaySeconds = 60
export const delayedId = `db-${shortName(delayedRegion)}-2`
export const delayedSlot = delayedId.replaceAll('-', '_')

export type HostKind = 'db' | 'app' | 'cache' | 'store' | 'delayed'

/** What stands in a region. */
export function hostKinds(region: Region, withDelayed: boolean): HostKind[] {
  return ['db', 'app', 'cache', 'store', ...(withDelayed && region === delayedRegion ? (['delayed'] as const) : [])]
}
export function hostId(region: Region, kind: HostKind): string {
  if (kind === 'db') return databaseId(region)
  return kind === 'delayed' ? `db-${shortName(region)}-2` : `${kind}-${shortName(region)}`
}

/** Region where the writer is at first start. */
export const firstPrimary: Region = regions[0]
