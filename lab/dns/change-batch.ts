import { absoluteName, type Change, inZone, listOrder, type RecordSet } from '@/lab/dns/model'

export type BatchResult = { ok: true; records: RecordSet[] } | { ok: false; messages: string[] }

/** Name, type and set identifier make a record set the same record set. */
function sameSet(a: RecordSet, b: RecordSet): boolean {
  return a.name === b.name && a.type === b.type && a.setIdentifier === b.setIdentifier
}

function label(record: RecordSet): string {
  const identifier = record.setIdentifier === undefined ? '' : `, set identifier='${record.setIdentifier}'`
  return `[name='${record.name}', type='${record.type}'${identifier}]`
}

function sameContent(a: RecordSet, b: RecordSet): boolean {
  const content = (record: RecordSet) =>
    JSON.stringify([
      record.ttlSeconds,
      [...record.values].sort(),
      record.failover ?? null,
      record.weight ?? null,
      [record.geoLocation?.continentCode, record.geoLocation?.countryCode, record.geoLocation?.subdivisionCode],
      record.healthCheckId ?? null,
    ])
  return content(a) === content(b)
}

/**
 * Applies a change batch to a zone's records: all of it or, with every reason, none. Existence is judged change by change,
 * in order; conflicts between record sets are judged on the result.
 */
export function applyChanges(zone: string, current: RecordSet[], changes: Change[]): BatchResult {
  const messages: string[] = []
  let records = current
  for (const change of changes) {
    const record = { ...change.record, name: absoluteName(change.record.name) }
    const existing = records.find((candidate) => sameSet(candidate, record))
    const problem = problemOf(zone, change.action, record, existing)
    if (problem !== null) {
      messages.push(problem)
      continue
    }
    const others = records.filter((candidate) => candidate !== existing)
    records = change.action === 'DELETE' ? others : [...others, record]
  }
  const touched = new Set(changes.map((change) => absoluteName(change.record.name)))
  if (messages.length === 0) messages.push(...[...touched].flatMap((name) => conflicts(zone, name, records)))
  return messages.length > 0 ? { ok: false, messages } : { ok: true, records: records.toSorted(listOrder) }
}

function problemOf(zone: string, action: Change['action'], record: RecordSet, existing: RecordSet | undefined) {
  if (!inZone(record.name, zone)) return `RRSet with DNS name ${record.name} is not permitted in zone ${zone}`
  const routed = record.failover !== undefined || record.weight !== undefined || record.geoLocation !== undefined
  if (routed && record.setIdentifier === undefined)
    return `Missing field 'SetIdentifier' in Change with ${label(record)}`
  if (!routed && record.setIdentifier !== undefined) {
    return `A set identifier needs a routing policy in Change with ${label(record)}`
  }
  if (action === 'CREATE') {
    return existing ? `Tried to create resource record set ${label(record)} but it already exists` : null
  }
  if (action === 'UPSERT') return null
  if (!existing) return `Tried to delete resource record set ${label(record)} but it was not found`
  if (!sameContent(existing, record)) {
    return `Tried to delete resource record set ${label(record)} but the values provided do not match the current values`
  }
  if (record.name === zone && (record.type === 'SOA' || record.type === 'NS')) {
    return `A HostedZone must contain exactly one ${record.type} record set for the zone itself.`
  }
  return null
}

function policyOf(record: RecordSet): string {
  if (record.failover !== undefined) return 'failover'
  if (record.weight !== undefined) return 'weighted'
  return record.geoLocation !== undefined ? 'geolocation' : 'simple'
}

function conflicts(zone: string, name: string, records: RecordSet[]): string[] {
  const sameName = records.filter((record) => record.name === name)
  const found: string[] = []
  const types = new Set(sameName.map((record) => record.type))
  if (types.has('CNAME') && (types.size > 1 || name === zone)) {
    found.push(
      `RRSet of type CNAME with DNS name ${name} is not permitted as it conflicts with other records with the same DNS name in zone ${zone}`,
    )
  }
  for (const type of types) {
    const group = sameName.filter((record) => record.type === type)
    if (new Set(group.map(policyOf)).size > 1) {
      found.push(`RRSets with DNS name ${name}, type ${type} mix routing policies`)
    }
    const distinct = group
      .map((record) => record.failover ?? JSON.stringify(record.geoLocation))
      .filter((key) => key !== undefined)
    if (new Set(distinct).size < distinct.length) {
      found.push(
        `RRSet with DNS name ${name}, type ${type} cannot be created as a set with the same failover or location exists`,
      )
    }
  }
  return found
}
