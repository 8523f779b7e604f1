import type { ResourceRecordSet } from '@aws-sdk/client-route-53'
import type { DnsRecord } from '@/server/ports/managed'

export function valuesOf(set: ResourceRecordSet): string[] {
  return (set.ResourceRecords ?? []).flatMap(({ Value }) => (Value === undefined ? [] : [Value]))
}

/** A record set of Route 53 in our own words. */
export function toRecord(set: ResourceRecordSet): DnsRecord {
  return {
    setIdentifier: set.SetIdentifier ?? null,
    region: set.Region ?? null,
    type: set.Type ?? 'A',
    ttlSeconds: Number(set.TTL ?? 0),
    values: valuesOf(set),
    failover: set.Failover ?? null,
    weight: set.Weight === undefined ? null : Number(set.Weight),
    geo: set.GeoLocation ? placeOf(set.GeoLocation) : null,
    healthCheckId: set.HealthCheckId ?? null,
  }
}

/** `*` is everywhere else. A subdivision is written after its country, as in `US-CA`. */
function placeOf(geo: NonNullable<ResourceRecordSet['GeoLocation']>): string {
  const country = geo.SubdivisionCode ? `${geo.CountryCode}-${geo.SubdivisionCode}` : geo.CountryCode
  return geo.ContinentCode ?? country ?? '*'
}
