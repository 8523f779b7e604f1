import { z } from 'zod'
import { agentObservation } from '@/server/domain/agent-protocol'
import { idsFacts } from './ids'

/**
 * What a worker saw, and when. Latest one a (service, kind, subject, vantage) in the control database; kinds are closed.
 * A failed observation is an observation: `ok: false` with the reason, and the time of the attempt.
 */
export const observationKinds = [
  'agent',
  'endpoint',
  'public',
  'dns',
  'platform',
  'workload',
  'health-check',
  'switch',
  'cache',
  'records',
  'ids',
] as const
export type ObservationKind = (typeof observationKinds)[number]

export const probeFacts = z.object({
  status: z.int().nullable(),
  latencyMs: z.number(),
  failure: z.string().nullable(),
  address: z.string().nullable(),
  /** Failures in a row, this one included; 0 when ok. */
  consecutiveFailures: z.int(),
})
export const dnsFacts = z.object({
  resolver: z.string(),
  /** A name that both regions serve; absent for the name that follows the writer. */
  sharedName: z.string().optional(),
  answers: z.array(z.string()),
  ttlSeconds: z.number().nullable(),
  region: z.string().nullable(),
  failure: z.string().nullable(),
})
export const platformFacts = z.object({ state: z.string(), reason: z.string() })
export const workloadFacts = z.object({
  desired: z.int(),
  ready: z.int(),
  settled: z.boolean(),
  writer: z.string().nullable(),
  failure: z.string().nullable(),
})
export const switchFacts = z.object({ set: z.boolean(), generation: z.int().nullable() })
/** The records of a name that both regions serve, as the authority's API lists them. The subject is the name. */
export const recordsFacts = z.object({
  records: z.array(
    z.object({
      setIdentifier: z.string(),
      values: z.array(z.string()),
      ttlSeconds: z.number(),
      weight: z.int().nullable(),
      place: z.string().nullable(),
      healthCheckId: z.string().nullable(),
    }),
  ),
})
export const healthCheckFacts = z.object({ status: z.string(), reports: z.array(z.string()) })

/** The payload of each kind; `agent` is the agent's own observation. */
export const factsByKind = {
  agent: agentObservation,
  endpoint: probeFacts,
  public: probeFacts,
  dns: dnsFacts,
  platform: platformFacts,
  workload: workloadFacts,
  switch: switchFacts,
  'health-check': healthCheckFacts,
  cache: z.object({ latencyMs: z.number() }),
  records: recordsFacts,
  ids: idsFacts,
} as const

export type Observation<K extends ObservationKind = ObservationKind> = {
  service: string
  kind: K
  /** Server id, region id, resolver address, or the public name. */
  subject: string
  vantage: string
  ok: boolean
  /** Why it failed; null when ok. */
  failure: string | null
  observedAt: string
  /** How often this is looked at; a value older than twice this is stale. */
  intervalMs: number
  /** null when nothing was ever learnt. A failed look at an agent keeps what its last answer said, with the answer's own time inside. */
  facts: z.infer<(typeof factsByKind)[K]> | null
}

/** Stale values are never shown as fine: older than twice their interval. */
export function isStale(observation: { observedAt: string; intervalMs: number }, nowMs: number): boolean {
  return nowMs - Date.parse(observation.observedAt) > 2 * observation.intervalMs
}
