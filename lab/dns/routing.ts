import type { Location, RecordSet } from '@/lab/dns/model'

export type RoutingContext = {
  isHealthy: (healthCheckId: string) => boolean
  /** Of whoever asks; null when nothing is known about the address. */
  location: Location | null
  /** In [0, 1). */
  random: () => number
}

/**
 * Which of the record sets of one name and type answers a query, as Route 53 documents it. A record without a health
 * check is healthy. When none is healthy, all are taken as healthy.
 * @returns null when no geolocation record fits
 */
export function chooseRecord(records: RecordSet[], context: RoutingContext): RecordSet | null {
  const healthy = (record: RecordSet) => record.healthCheckId === undefined || context.isHealthy(record.healthCheckId)
  const first = records[0]
  if (!first) return null
  if (first.failover !== undefined) return chooseFailover(records, healthy)
  if (first.weight !== undefined) return chooseWeighted(records, healthy, context.random)
  if (first.geoLocation !== undefined) return chooseByLocation(records, healthy, context.location)
  return first
}

/** The secondary answers only while the primary is red and it is not; both red, the primary. */
function chooseFailover(records: RecordSet[], healthy: (record: RecordSet) => boolean): RecordSet | null {
  const primary = records.find((record) => record.failover === 'PRIMARY')
  const secondary = records.find((record) => record.failover === 'SECONDARY')
  if (primary && healthy(primary)) return primary
  if (secondary && healthy(secondary)) return secondary
  return primary ?? secondary ?? null
}

/** Weight 0 is considered only when no record with a weight is healthy, or when all weights are 0. */
function chooseWeighted(
  records: RecordSet[],
  healthy: (record: RecordSet) => boolean,
  random: () => number,
): RecordSet | null {
  const weighted = records.filter((record) => (record.weight ?? 0) > 0)
  const unweighted = records.filter((record) => (record.weight ?? 0) === 0)
  const candidates = [weighted.filter(healthy), unweighted.filter(healthy), weighted, unweighted].find(
    (group) => group.length > 0,
  )
  if (!candidates) return null
  const weightOf = (record: RecordSet) => record.weight || 1
  const total = candidates.reduce((sum, record) => sum + weightOf(record), 0)
  let rest = random() * total
  for (const record of candidates) {
    rest -= weightOf(record)
    if (rest < 0) return record
  }
  return candidates.at(-1) ?? null
}

/** The smallest region that fits; an unhealthy record gives way to the next larger one, the default at last. */
function chooseByLocation(
  records: RecordSet[],
  healthy: (record: RecordSet) => boolean,
  location: Location | null,
): RecordSet | null {
  const fitting = records
    .map((record) => ({ record, size: regionSize(record, location) }))
    .filter((entry) => entry.size !== null)
    .sort((a, b) => (a.size ?? 0) - (b.size ?? 0))
    .map((entry) => entry.record)
  return fitting.find(healthy) ?? fitting[0] ?? null
}

/** 0 subdivision, 1 country, 2 continent, 3 everywhere; null: the record is not for this location. */
function regionSize(record: RecordSet, location: Location | null): number | null {
  const geo = record.geoLocation
  if (!geo) return null
  if (geo.countryCode === '*') return 3
  if (!location) return null
  if (geo.continentCode !== undefined) return geo.continentCode === location.continentCode ? 2 : null
  if (geo.countryCode !== location.countryCode) return null
  if (geo.subdivisionCode === undefined) return 1
  return geo.subdivisionCode === location.subdivisionCode ? 0 : null
}
