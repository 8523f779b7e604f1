import { z } from 'zod'
import { evacuationConfig, idsConfig, sharedNameConfig } from './shared-names'

/**
 * `lifeboat.yaml`: what Lifeboat is told about a service. Every number of the product is a default here, and is
 * changed per service. Secrets are references (`env:NAME` or `file:/path`), never values.
 */
export const secretRef = z
  .string()
  .regex(/^(env:[A-Z_][A-Z0-9_]*|file:\/.+)$/, 'a secret is a reference: env:NAME or file:/absolute/path')

const id = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/, 'lower-case letters, digits and dashes')
/** A host name or address that is safe to hand to libpq and to a URL: no `=`, no spaces, no scheme. */
const host = z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,252})$/, 'a host name or an IPv4 address')
const port = z.int().min(1).max(65535)
const ms = z.int().min(1)

export const serverConfig = z.object({
  id,
  host,
  port: port.default(5432),
  /** Base URL of the host agent beside this server. */
  agentUrl: z.url(),
  /** What the platform (EC2 and the like) calls the machine; absent means that power cannot prove a fence. */
  platformHostId: z.string().min(1).optional(),
  /** `candidate` may become the writer at any time · `delayed` applies late on purpose, and is only ever rolled forward to a moment. */
  role: z.enum(['candidate', 'delayed']).default('candidate'),
  /** How far a delayed server is held behind; its agent has the same number as `applyDelayMs`. */
  delaySeconds: z.int().min(1).max(2_000_000).optional(),
})

export const regionConfig = z.object({
  id,
  name: z.string().min(1).max(60),
  /** The role at first start only; afterwards the control database knows the writer. */
  initialRole: z.enum(['primary', 'standby']),
  endpointUrl: z.url(),
  /** What the public name answers when traffic goes to this region (A records). */
  answers: z.array(z.ipv4()).min(1),
  servers: z.array(serverConfig).min(1),
  cache: z.object({ host, port, passwordRef: secretRef.optional() }).optional(),
  workload: z.object({
    kind: z.literal('kubernetes'),
    apiUrl: z.url(),
    tokenRef: secretRef,
    namespace: z.string().default('default'),
    deployment: z.string(),
    /** Instances when this region serves, and when it stands by. */
    primaryReplicas: z.int().min(1).default(10),
    standbyReplicas: z.int().min(0).default(5),
  }),
})

export const dnsConfig = z.object({
  name: z.string().min(1),
  zoneId: z.string().min(1),
  ttlSeconds: z.int().min(1).default(60),
  resolvers: z.array(z.string().regex(/^[^:]+:\d+$/, 'host:port')).min(1),
  route53: z.object({
    endpoint: z.url().optional(),
    region: z.string().default('us-east-1'),
    accessKeyIdRef: secretRef.optional(),
    secretAccessKeyRef: secretRef.optional(),
  }),
  /**
   * How traffic is turned. `health-switch`: records prepared beforehand, turned by a health check that watches an
   * object in the standby region's store (data plane, works while the record API is away). `record`: record edits.
   */
  redirect: z.discriminatedUnion('method', [
    z.object({
      method: z.literal('health-switch'),
      /** One store a region: the object that says "traffic has left the other region" lives in the surviving one. */
      stores: z.record(
        id,
        z.object({
          endpoint: z.url(),
          bucket: z.string(),
          key: z.string(),
          accessKeyIdRef: secretRef,
          secretAccessKeyRef: secretRef,
        }),
      ),
    }),
    z.object({ method: z.literal('record') }),
  ]),
  /** Names that both regions serve, beside the one that follows the writer. */
  shared: z.array(sharedNameConfig).default([]),
})

export const serviceConfig = z.object({
  id,
  name: z.string().min(1).max(80),
  mode: z.enum(['manual', 'assisted', 'automatic']).default('manual'),
  regions: z.array(regionConfig).length(2),
  database: z.object({
    name: z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/),
    /** Role of the workers: pg_monitor plus the heartbeat schema. */
    user: z.string().default('lifeboat'),
    passwordRef: secretRef,
    /** Bearer token of the host agents. */
    agentTokenRef: secretRef,
    /** How the service's workload is told the writer's address: the name of an environment variable. */
    writerEnv: z.string().default('DATABASE_HOST'),
    writerPortEnv: z.string().default('DATABASE_PORT'),
  }),
  platform: z.object({ url: z.url(), tokenRef: secretRef }).optional(),
  dns: dnsConfig,
  probes: z
    .object({
      vantagePoints: z.array(id).min(1).default(['vantage-a', 'vantage-b']),
      /** How many vantage points must agree before an outage counts. */
      quorum: z.int().min(1).default(2),
      intervalMs: ms.default(30_000),
      timeoutMs: ms.default(5_000),
      failuresToConfirm: z.int().min(1).default(2),
      healthPath: z.string().startsWith('/').default('/health'),
    })
    .prefault({}),
  synthetic: z
    .object({
      createPath: z.string().startsWith('/').default('/links'),
      /** Where a created link is followed: `{code}` is replaced. */
      followPath: z.string().startsWith('/').default('/{code}'),
      target: z.url().default('https://example.com/lifeboat-synthetic'),
      port: port.default(80),
    })
    .prefault({}),
  /** How a region is emptied of the traffic of the shared names. */
  evacuation: evacuationConfig.prefault({}),
  ids: idsConfig.optional(),
  prewarm: z
    .object({
      /** One statement, read-only, one parameter (how many): columns `key` and `value`, hottest first. */
      query: z.string().min(1),
      limit: z.int().min(1).max(100_000).default(500),
      ttlSeconds: z.int().min(1).default(3_600),
    })
    .optional(),
  objectives: z
    .object({
      rtoSeconds: z.int().min(1).default(600),
      rpoSeconds: z.int().min(0).default(300),
      detectionSeconds: z.int().min(1).default(120),
      failoverSeconds: z.int().min(1).default(300),
      lagAlertSeconds: z.number().min(0).default(5),
    })
    .prefault({}),
  budgets: z
    .object({
      /** Each covers an action and its proof. Together with half a minute of detection the defaults are the ten minutes of the objective. */
      confirmMs: ms.default(5_000),
      fenceMs: ms.default(20_000),
      promoteMs: ms.default(120_000),
      /** Applying what a delayed standby holds back, up to the chosen moment. */
      rollForwardMs: ms.default(120_000),
      pointMs: ms.default(25_000),
      prewarmMs: ms.default(20_000),
      scaleMs: ms.default(300_000),
      dnsMs: ms.default(60_000),
      verifyMs: ms.default(20_000),
      /** Planned work: writing the dirty pages before a stop, and a server that rejoins catching up, take as long as there is data. */
      checkpointMs: ms.default(120_000),
      /** How long writes may be held while the candidate receives the last of them; after it everything is taken back. */
      handoverMs: ms.default(3_000),
      catchUpMs: ms.default(300_000),
    })
    .prefault({}),
  /** How many rows updated or deleted in one table within the window are an anomaly. */
  anomaly: z
    .object({
      rows: z.int().min(1).default(1_000),
      windowSeconds: z.int().min(1).max(600).default(10),
      /** `schema.table`: counters and the like, which change in bulk all day. */
      ignoreTables: z.array(z.string().min(3)).max(100).default([]),
    })
    .prefault({}),
  /** How a region that comes back is brought in again. */
  failback: z
    .object({
      powerOnMs: ms.default(180_000),
      /** Reading and writing down what only the returned server has. */
      keepMs: ms.default(120_000),
      /** A rewind copies what changed; a base copy copies everything. */
      rebuildMs: ms.default(1_800_000),
      maxLagSeconds: z.number().min(0).default(1),
      compareMs: ms.default(300_000),
      /** Larger tables are not compared, and said to be not compared. */
      compareMaxTableBytes: z
        .int()
        .min(0)
        .default(20 * 1024 ** 3),
    })
    .prefault({}),
  policies: z
    .object({
      approvalsRequired: z.int().min(1).max(5).default(1),
      approvalExpiryMinutes: z.int().min(1).default(60),
      executionExpiryMinutes: z.int().min(1).default(60),
      /** An isolated primary stops itself after this long; see the operating guide for what the wait proves. */
      selfFenceMs: ms.default(30_000),
      acceptSelfFence: z.boolean().default(true),
      /** What an automatic failover may do at most; beyond it the run is drafted and waits for a person. */
      automatic: z
        .object({
          /** Distinct vantage points that must see the outage. Never fewer than two: one alone may be cut off itself. */
          quorum: z.int().min(2).default(2),
          /** Standbys of the surviving region that must have been seen lately. */
          minCandidates: z.int().min(1).default(1),
          /** What the candidate may lack of the primary's last known position, in WAL and in time. */
          maxLossBytes: z.int().min(0).default(16_777_216),
          maxLossSeconds: z.number().min(0).default(5),
          /** Sight of the primary older than this when the outage began says nothing about what was written since. */
          maxSightAgeSeconds: z.number().min(1).default(60),
          /** The least time between two automatic failovers, also when a person has acknowledged the first. */
          coolDownMinutes: z.number().min(0).default(10),
          /** A standing approval ends after at most this many days. */
          standingApprovalDays: z.int().min(1).max(90).default(90),
        })
        .prefault({}),
      /** A switchover begins only while the candidate is at most this far behind: what is missing lengthens the write outage. */
      switchoverMaxLagBytes: z.int().min(0).default(16_777_216),
      /** A run that overrides rules must have begun and reached its point of no return within this. */
      breakGlassMinutes: z.int().min(1).max(1440).default(30),
      /** How long the old primary is kept untouched after a failover, unless someone commits earlier. */
      commitWindowHours: z.number().min(0).max(720).default(24),
    })
    .prefault({}),
})

export const lifeboatConfig = z.object({ version: z.literal(1), services: z.array(serviceConfig).min(1) })

export type ServiceConfig = z.infer<typeof serviceConfig>
export type RegionConfig = z.infer<typeof regionConfig>
export type ServerConfig = z.infer<typeof serverConfig>
export type AutomaticPolicy = ServiceConfig['policies']['automatic']
export type LifeboatConfig = z.infer<typeof lifeboatConfig>
