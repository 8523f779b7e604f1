import { z } from 'zod'
import { failoverInputs } from './failover-steps'

/** The steps of an evacuation by id, with what the planner gives each. It promotes nothing and fences nothing: only answers move. */
const region = z.string()
const weights = z.record(z.string(), z.int().min(0).max(255))
const answer = z.object({ values: z.array(z.string()), healthCheckId: z.string().nullable() })
const answers = z.record(z.string(), answer)
const turned = {
  name: z.string(),
  zoneId: z.string(),
  /** The region that gives up traffic, or gets it back. */
  region,
  /** The region that gets more traffic by this step: it must answer before, and is watched after. */
  gainingRegion: region,
  vantagePoints: z.array(z.string()),
}

export const evacuateInputs = {
  'workload.scale-region': failoverInputs['workload.scale-region'],
  'service.verify-synthetic': failoverInputs['service.verify-synthetic'],
  'dns.shift-weight': z.object({
    ...turned,
    /** Of the region's normal weight, after this step. */
    percent: z.int().min(0).max(100),
    before: weights,
    after: weights,
    /** What is set when the run is taken back: the weights that were there before it began. */
    original: weights,
  }),
  'dns.shift-places': z.object({ ...turned, before: answers, after: answers }),
  'service.watch-error-rate': z.object({
    names: z.array(z.string()).min(1),
    gainingRegion: region,
    /** Requests that these addresses answer decide; what another region answers is counted beside. */
    answers: z.array(z.string()).min(1),
    port: z.int(),
    healthPath: z.string(),
    healthUrl: z.string(),
    createPath: z.string(),
    followPath: z.string(),
    target: z.string(),
    timeoutMs: z.int(),
    holdMs: z.int().min(1),
    maxErrorRate: z.number(),
    minRequests: z.int().min(1),
  }),
  'dns.await-shares': z.object({
    names: z.array(z.object({ name: z.string(), looks: z.int().min(1) })).min(1),
    region,
    direction: z.enum(['out', 'back']),
    /** Addresses of the region. */
    answers: z.array(z.string()).min(1),
    resolvers: z.array(z.string()).min(1),
    ttlSeconds: z.int(),
  }),
} as const

export const watchOutput = z.object({
  gainingRegion: region,
  requests: z.int(),
  failed: z.int(),
  errorRate: z.number(),
  /** Requests that the other region answered: shown, not counted. */
  elsewhere: z.object({ requests: z.int(), failed: z.int() }),
  watchedMs: z.number(),
  endedAt: z.string(),
})
