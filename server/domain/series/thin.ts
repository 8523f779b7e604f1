import type { MetricName, Sample } from './catalogue'

/** Which of several values of one moment is kept: the one that matters more afterwards. */
const keeps: Partial<Record<MetricName, 'least' | 'greatest'>> = {
  'replication.lag-seconds': 'greatest',
  'replication.lag-bytes': 'greatest',
  'replication.receiver-age-seconds': 'greatest',
  'replication.state': 'least',
  'postgres.role': 'least',
  'probe.up': 'least',
  'probe.latency-ms': 'greatest',
  'workload.ready': 'least',
  'health-check.healthy': 'least',
}

/** Checks may run several times a second while something is wrong; a series has one value in this time. */
export const thinMs = 1_000

/**
 * One sample a series and second: the worst where a metric has one, else the newest. A short spike therefore stays, however seldom is written. Pure.
 */
export function thin(samples: readonly Sample[]): Sample[] {
  const kept = new Map<string, Sample>()
  for (const each of samples) {
    const key = JSON.stringify([each.service, each.metric, each.subject, Math.floor(Date.parse(each.at) / thinMs)])
    const before = kept.get(key)
    if (!before || goesBefore(each, before)) kept.set(key, each)
  }
  return [...kept.values()]
}

function goesBefore(one: Sample, other: Sample): boolean {
  const keep = keeps[one.metric]
  if (keep === 'least') return one.value < other.value
  if (keep === 'greatest') return one.value > other.value
  return one.at > other.at
}
