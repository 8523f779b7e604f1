import { z } from 'zod'

/** Units as the API names them; `ratio` is 0 to 1, `state` a small whole number whose meaning is given by the metric. */
export type SeriesUnit = 's' | 'ms' | 'B' | 'B/s' | 'ratio' | 'count' | 'state'

type Metric = {
  unit: SeriesUnit
  /** What one value says, in a sentence. */
  meaning: string
  /** What the subject names. */
  subject: string
}

/**
 * Every series that Lifeboat keeps, by name. A series is one metric of one subject of one service; a name is never given another meaning or unit.
 * Where several vantage points look at one subject, the subject is `<subject> from <vantage>`.
 */
export const metrics = {
  'replication.lag-seconds': {
    unit: 's',
    meaning: 'How far behind the primary the standby reads, by the heartbeat row',
    subject: 'standby',
  },
  'replication.lag-bytes': {
    unit: 'B',
    meaning: 'WAL between the primary’s current and the standby’s replayed position',
    subject: 'standby',
  },
  'replication.sent-bytes': { unit: 'B', meaning: 'WAL not sent to the standby yet', subject: 'standby' },
  'replication.written-bytes': { unit: 'B', meaning: 'WAL not written by the standby yet', subject: 'standby' },
  'replication.flushed-bytes': { unit: 'B', meaning: 'WAL not flushed by the standby yet', subject: 'standby' },
  'replication.receiver-age-seconds': {
    unit: 's',
    meaning: 'Since the standby last heard from the server it follows',
    subject: 'standby',
  },
  'replication.state': {
    unit: 'state',
    meaning: '3 streaming, 2 catching up or applying, 1 not following, 0 stopped or not answering',
    subject: 'server',
  },
  'postgres.role': {
    unit: 'state',
    meaning: '3 primary that accepts writes, 2 standby, 1 fenced, 0 stopped or not answering',
    subject: 'server',
  },
  'postgres.timeline': { unit: 'count', meaning: 'The timeline that the server is on', subject: 'server' },
  'postgres.wal-rate': { unit: 'B/s', meaning: 'WAL that the primary writes', subject: 'primary' },
  'postgres.slot-retained-bytes': { unit: 'B', meaning: 'WAL kept for the slot', subject: '<server>/<slot>' },
  'host.disk-free-ratio': {
    unit: 'ratio',
    meaning: 'Free part of the data directory’s file system',
    subject: 'server',
  },
  'host.clock-skew-ms': {
    unit: 'ms',
    meaning: 'The host’s clock against the worker’s, half the round trip taken off; its sign tells who is ahead',
    subject: 'server',
  },
  'probe.up': { unit: 'ratio', meaning: 'Probes that were answered well', subject: 'name or region from vantage' },
  'probe.latency-ms': { unit: 'ms', meaning: 'Time to a good answer', subject: 'name or region from vantage' },
  'dns.ttl-seconds': { unit: 's', meaning: 'TTL as the resolver gives it', subject: 'resolver' },
  'dns.region': {
    unit: 'state',
    meaning: 'Place of the answered region in the configuration, from 1; 0 for none or several',
    subject: 'resolver',
  },
  'health-check.healthy': { unit: 'ratio', meaning: 'Route 53 health check: 1 healthy, 0 not', subject: 'region' },
  'workload.ready': { unit: 'count', meaning: 'Instances that are ready', subject: 'region' },
  'workload.desired': { unit: 'count', meaning: 'Instances asked for', subject: 'region' },
  'cache.latency-ms': { unit: 'ms', meaning: 'Time of a ping of the cache', subject: 'region' },
} as const satisfies Record<string, Metric>

export type MetricName = keyof typeof metrics
export const metricNames = Object.keys(metrics) as [MetricName, ...MetricName[]]
export const metricName = z.enum(metricNames)

/** One value of one series at one instant. Not seen is no sample: a gap, never zero. */
export type Sample = { service: string; metric: MetricName; subject: string; at: string; value: number }
