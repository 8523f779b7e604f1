import { type Region, regions, shortName } from '@/lab/addressing'

/** What the lab's parts must agree on, once. */
export const serviceId = 'shortener'
export const publicName = 'go.lab'
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

export type HostKind = 'db' | 'app' | 'cache' | 'store'
export const hostId = (region: Region, kind: HostKind) =>
  kind === 'db' ? databaseId(region) : `${kind}-${shortName(region)}`

/** Region where the writer is at first start. */
export const firstPrimary: Region = regions[0]
