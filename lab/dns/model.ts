import type { HealthCheckConfig, RecordConfig } from '@/lab/dns/config'

/** One resource record set. Names are absolute, lower-case, with the final dot. */
export type RecordSet = RecordConfig

/** Where a query comes from, as geolocation records see it. */
export type Location = { continentCode: string; countryCode: string; subdivisionCode?: string | undefined }

/** A health check as it is kept: what was asked for, and how often it was changed. */
export type HealthCheck = HealthCheckConfig & { callerReference: string; version: number }

export type Change = { action: 'CREATE' | 'DELETE' | 'UPSERT'; record: RecordSet }

/** Refusals in Route 53's own words; the API turns them into its XML. */
export class Route53Error extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status = 400,
  ) {
    super(message)
    this.name = 'Route53Error'
  }
}

/** `Go.Lab` → `go.lab.`: the form in which names are kept and compared. */
export function absoluteName(name: string): string {
  const lower = name.toLowerCase()
  return lower.endsWith('.') ? lower : `${lower}.`
}

export function inZone(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`)
}

/** The order of ListResourceRecordSets: labels from the right, then type, then set identifier. */
export function listOrder(a: RecordSet, b: RecordSet): number {
  const reversed = (name: string) => name.split('.').reverse().join('\u0001')
  const key = (record: RecordSet) => [reversed(record.name), record.type, record.setIdentifier ?? ''].join('\u0000')
  return key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0
}
