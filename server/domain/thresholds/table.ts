import type { MetricName } from '../series/catalogue'
import type { ServiceConfig } from '../service-config'

/** `exactly-one` is for what may be neither none nor several: none warns, more than `critical` is critical. */
export type Direction = 'above' | 'below' | 'exactly-one'
export type SignalUnit = 's' | 'ms' | 'B' | 'ratio' | 'count'
export type Limits = { warn: number; critical: number }

export type Signal = {
  title: string
  unit: SignalUnit
  direction: Direction
  /** A value beyond it warns; equal to it is still fine. What the service's configuration says goes before these. */
  limits: Limits
  configured?: (config: ServiceConfig) => Limits
  /** What a person may set: neither limit may lie outside. null: what is wrong is not a matter of taste. */
  range: { min: number; max: number } | null
  /** How long it must last before an alert opens. */
  heldMs: number
  /** Nothing learnt for this long opens an alert, whatever was learnt last. */
  staleAfterMs: number
  /** The observation that it is read from. */
  reads: string
  /** The series of the same figure, for charts that draw the limits; null when there is none. */
  series: MetricName | null
  meaning: string
  remedy: string
  /** Path below the service's page where it is put right. */
  page: string
  /** `guide`: the figure of a published operating guide · `default`: ours, to be judged by who runs the service. */
  source: 'guide' | 'default'
}

const minuteMs = 60_000
const gib = 1024 ** 3

/**
 * Every signal with its limits: what tiles, charts, alerts, `/metrics` and the generated rules read. An id is never renamed. Only what is observed today has a
 * row: a signal without a source would be unknown for ever.
 */
export const signals = {
  'replication-lag': {
    title: 'Replication lag',
    unit: 's',
    direction: 'above',
    limits: { warn: 1, critical: 5 },
    configured: ({ objectives: { lagAlertSeconds } }) => ({
      warn: Math.min(1, lagAlertSeconds),
      critical: lagAlertSeconds,
    }),
    range: { min: 0, max: 86_400 },
    heldMs: minuteMs,
    staleAfterMs: 15_000,
    reads: 'agent',
    series: 'replication.lag-seconds',
    meaning: 'What the standby would lack, in time, if the primary were lost now.',
    remedy: 'Look at the link and at what the standby waits for; a long query on it can hold replay back.',
    page: '',
    source: 'guide',
  },
  'receiver-age': {
    title: 'Standby heard from its primary',
    unit: 's',
    direction: 'above',
    limits: { warn: 10, critical: 30 },
    range: { min: 1, max: 3_600 },
    heldMs: 0,
    staleAfterMs: 15_000,
    reads: 'agent',
    series: 'replication.receiver-age-seconds',
    meaning: 'A standby that hears nothing falls behind, whatever it says of itself.',
    remedy: 'Check the network between the regions and that the primary still has the standby’s slot.',
    page: '',
    source: 'default',
  },
  'slot-retained': {
    title: 'WAL kept for a slot',
    unit: 'B',
    direction: 'above',
    limits: { warn: 4 * gib, critical: 16 * gib },
    range: { min: 1024 ** 2, max: 1024 ** 5 },
    heldMs: minuteMs,
    staleAfterMs: 15_000,
    reads: 'agent',
    series: 'postgres.slot-retained-bytes',
    meaning: 'A slot that nobody reads keeps WAL until the disk of the primary is full.',
    remedy: 'Bring its reader back, or drop the slot if the reader is gone for good.',
    page: '',
    source: 'default',
  },
  'disk-free': {
    title: 'Free disk',
    unit: 'ratio',
    direction: 'below',
    limits: { warn: 0.2, critical: 0.1 },
    range: { min: 0, max: 1 },
    heldMs: minuteMs,
    staleAfterMs: minuteMs,
    reads: 'agent',
    series: 'host.disk-free-ratio',
    meaning: 'Free part of the file system that the data directory is on. A primary without room stops.',
    remedy: 'See whether a slot keeps WAL; then give the file system more room.',
    page: '',
    source: 'default',
  },
  'endpoint-failures': {
    title: 'Region endpoint',
    unit: 'count',
    direction: 'above',
    limits: { warn: 0, critical: 1 },
    configured: ({ probes }) => ({ warn: 0, critical: Math.max(1, probes.failuresToConfirm - 1) }),
    range: { min: 0, max: 100 },
    heldMs: 0,
    staleAfterMs: minuteMs,
    reads: 'endpoint',
    series: 'probe.up',
    meaning: 'Health checks of a region that failed in a row, from one vantage point.',
    remedy: 'See whether other vantage points reach it: one alone may be cut off itself.',
    page: '',
    source: 'guide',
  },
  'public-failures': {
    title: 'Public name',
    unit: 'count',
    direction: 'above',
    limits: { warn: 0, critical: 1 },
    configured: ({ probes }) => ({ warn: 0, critical: Math.max(1, probes.failuresToConfirm - 1) }),
    range: { min: 0, max: 100 },
    heldMs: 0,
    staleAfterMs: minuteMs,
    reads: 'public',
    series: 'probe.up',
    meaning: 'Checks of the service as its users reach it that failed in a row, from one vantage point.',
    remedy: 'Open the incident, if there is one; otherwise look at DNS and at the region that it names.',
    page: '',
    source: 'guide',
  },
  'writable-primaries': {
    title: 'Writable primaries',
    unit: 'count',
    direction: 'exactly-one',
    limits: { warn: 0, critical: 1 },
    range: null,
    heldMs: 0,
    staleAfterMs: 10_000,
    reads: 'agent',
    series: 'postgres.role',
    meaning: 'Two servers that take writes diverge: rows are made that only one side has.',
    remedy: 'Fence the one that is not the writer before anything else.',
    page: '',
    source: 'guide',
  },
  'dns-ttl': {
    title: 'DNS TTL',
    unit: 's',
    direction: 'above',
    limits: { warn: 60, critical: 300 },
    configured: ({ dns }) => ({ warn: Math.max(60, dns.ttlSeconds), critical: Math.max(300, dns.ttlSeconds) }),
    range: { min: 1, max: 86_400 },
    heldMs: 0,
    staleAfterMs: 60 * minuteMs,
    reads: 'dns',
    series: 'dns.ttl-seconds',
    meaning: 'Clients may go on using the lost region’s address for this long.',
    remedy: 'Lower the TTL of the record, and wait one old TTL before you count on it.',
    page: '',
    source: 'guide',
  },
  'standby-capacity': {
    title: 'Standby capacity',
    unit: 'ratio',
    direction: 'below',
    limits: { warn: 1, critical: 0.5 },
    range: { min: 0, max: 100 },
    heldMs: minuteMs,
    staleAfterMs: 5 * minuteMs,
    reads: 'workload',
    series: 'workload.ready',
    meaning: 'Instances that are ready in the standby region, as a part of what is configured for it.',
    remedy: 'Look at the deployment there: instances that do not become ready are not there when they are needed.',
    page: '',
    source: 'default',
  },
  'cache-latency': {
    title: 'Cache',
    unit: 'ms',
    direction: 'above',
    limits: { warn: 50, critical: 500 },
    range: { min: 0.1, max: 60_000 },
    heldMs: minuteMs,
    staleAfterMs: minuteMs,
    reads: 'cache',
    series: 'cache.latency-ms',
    meaning: 'Time of a ping of a region’s cache.',
    remedy: 'A cold or absent cache sends every read to the database: look at it before a failover does.',
    page: '',
    source: 'default',
  },
  'health-check': {
    title: 'Route 53 health check',
    unit: 'ratio',
    direction: 'below',
    limits: { warn: 1, critical: 0 },
    range: null,
    heldMs: 0,
    staleAfterMs: 5 * minuteMs,
    reads: 'health-check',
    series: 'health-check.healthy',
    meaning: 'What decides at the authority which region is answered: 1 healthy, 0 not.',
    remedy: 'Compare with what the vantage points see; they differ when the check looks at something else.',
    page: '',
    source: 'default',
  },
} as const satisfies Record<string, Signal>

export type SignalId = keyof typeof signals
export const signalIds = Object.keys(signals) as [SignalId, ...SignalId[]]

export function signalOf(id: SignalId): Signal {
  return signals[id]
}

/** What holds for a service unless a person has set something else. */
export function defaultLimits(id: SignalId, config: ServiceConfig): Limits {
  const signal = signalOf(id)
  return signal.configured?.(config) ?? signal.limits
}
