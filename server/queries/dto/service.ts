import { z } from 'zod'
import { finding } from '@/server/domain/finding'
import { at, capability, health, measured } from './common'

export const serverView = z.object({
  id: z.string(),
  address: z.string(),
  /** As last observed; null is unknown. `fenced` is a standby that may not follow anybody. */
  role: z.enum(['primary', 'standby', 'fenced', 'stopped']).nullable(),
  health,
  detail: z.string(),
  timeline: z.int().nullable(),
  lsn: z.string().nullable(),
  observedAt: at.nullable(),
  generation: z.int().nullable(),
  /** Of a standby that is held behind on purpose; absent for every other server. */
  delayed: z
    .object({
      delaySeconds: z.int(),
      state: z.enum(['in-place', 'held', 'too-far', 'too-near', 'not-applying', 'unknown']),
      /** Whom it takes its WAL from. */
      from: z.string().nullable(),
      /** Moments between these two can be rolled forward to. */
      appliedUpTo: at.nullable(),
      receivedUpTo: at.nullable(),
    })
    .optional(),
})

export const regionView = z.object({
  id: z.string(),
  name: z.string(),
  /** The region's place now: where the writer is, the standby, or unknown. */
  role: z.enum(['primary', 'standby', 'unknown']),
  health,
  /** One sentence, e.g. "Answers from both vantage points, 0.4 s ago". */
  summary: z.string(),
  reachability: z.array(
    z.object({
      vantage: z.string(),
      ok: z.boolean().nullable(),
      failure: z.string().nullable(),
      latencyMs: z.number().nullable(),
      observedAt: at.nullable(),
      health,
    }),
  ),
  servers: z.array(serverView),
  workload: z.object({
    desired: z.int().nullable(),
    ready: z.int().nullable(),
    target: z.int(),
    writer: z.string().nullable(),
    health,
    observedAt: at.nullable(),
  }),
  cache: z.object({ health, observedAt: at.nullable() }),
  receivesTraffic: z.boolean().nullable(),
})

export const serviceView = z.object({
  id: z.string(),
  name: z.string(),
  mode: z.enum(['manual', 'assisted', 'automatic']),
  health,
  /** The page's first sentence: is it up, and for whom. */
  headline: z.string(),
  regions: z.array(regionView),
  writer: z.object({
    serverId: z.string().nullable(),
    region: z.string().nullable(),
    since: at.nullable(),
    generation: z.int(),
    primariesSeen: z.int().nullable(),
  }),
  replication: z.object({
    state: z.enum(['streaming', 'broken', 'none', 'unknown']),
    health,
    lagBytes: measured,
    lagSeconds: measured,
    from: z.string().nullable(),
    to: z.string().nullable(),
    slot: z.string().nullable(),
    observedAt: at.nullable(),
  }),
  dns: z.object({
    name: z.string(),
    type: z.string(),
    ttlSeconds: z.int(),
    redirectMethod: z.enum(['health-switch', 'record']),
    answers: z.array(
      z.object({
        resolver: z.string(),
        vantage: z.string(),
        answers: z.array(z.string()),
        region: z.string().nullable(),
        observedAt: at.nullable(),
        health,
      }),
    ),
    /** Names that both regions serve. */
    shared: z.array(
      z.object({
        name: z.string(),
        policy: z.enum(['weighted', 'geolocation']),
        ttlSeconds: z.int(),
        /** Of the look at the records. */
        health,
        observedAt: at.nullable(),
        records: z.array(
          z.object({
            setIdentifier: z.string(),
            /** As configured; `leadsTo` is where it leads now. */
            region: z.string(),
            place: z.string().nullable(),
            configuredWeight: z.int().nullable(),
            weight: z.int().nullable(),
            answers: z.array(z.string()),
            leadsTo: z.string().nullable(),
            healthCheckId: z.string().nullable(),
          }),
        ),
        resolvers: z.array(
          z.object({
            resolver: z.string(),
            region: z.string().nullable(),
            answers: z.array(z.string()),
            observedAt: at.nullable(),
            health,
          }),
        ),
      }),
    ),
  }),
  readiness: z.object({
    /** yes, no, or unknown when what it would need was not seen lately. */
    status: z.enum(['ready', 'not-ready', 'unknown']),
    sentence: z.string(),
    findings: z.array(finding),
    evaluatedAt: at,
    expected: z.object({ rtoSeconds: z.object({ low: z.number(), high: z.number() }), loss: z.string() }).nullable(),
  }),
  incident: z.object({ id: z.string(), title: z.string(), state: z.string(), openedAt: at }).nullable(),
  activeRun: z.object({ id: z.string(), kind: z.string(), state: z.string(), startedAt: at.nullable() }).nullable(),
  vantagePoints: z.array(z.object({ vantage: z.string(), workers: z.int(), seenAt: at.nullable(), health })),
  can: z.object({ requestRun: capability }),
  observedAt: at,
})
export type ServiceView = z.infer<typeof serviceView>
export type RegionView = z.infer<typeof regionView>

export const serviceSummary = serviceView
  .pick({
    id: true,
    name: true,
    mode: true,
    health: true,
    headline: true,
    writer: true,
    replication: true,
    readiness: true,
    incident: true,
    activeRun: true,
    observedAt: true,
  })
  .extend({
    regions: z.array(regionView.pick({ id: true, name: true, role: true, health: true, summary: true })),
    lagSecondsRecent: z.array(z.object({ at, value: z.number().nullable() })),
  })
export type ServiceSummary = z.infer<typeof serviceSummary>

/** One series as the page draws it; null values are gaps in observing. At most 2,000 points. */
export const metricsView = z.object({
  from: at,
  to: at,
  stepMs: z.int(),
  series: z.array(
    z.object({
      name: z.string(),
      unit: z.string(),
      subject: z.string(),
      points: z.array(
        z.object({ at, avg: z.number().nullable(), min: z.number().nullable(), max: z.number().nullable() }),
      ),
    }),
  ),
})
export type MetricsView = z.infer<typeof metricsView>
