import { z } from 'zod'

const port = z.int().min(1).max(65535)
/** A count, or a share of the replicas as Kubernetes writes it. */
const countOrPercent = z.union([z.int().min(0), z.string().regex(/^\d{1,3}%$/, 'a count or a percentage')])

export const clusterConfig = z.object({
  listen: z.object({ host: z.ipv4(), port: port.default(16443) }),
  region: z.string().min(1),
  tokenFile: z.string().min(1),
  namespace: z.string().default('default'),
  /** Used when there is no state file yet; afterwards the state file is the truth. */
  deployment: z.object({
    name: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/),
    replicas: z.int().min(0),
    /** The container's variables: see `lab/shortener/config.ts`. HOST, PORT and INSTANCE are added for each instance. */
    environment: z.record(z.string().regex(/^[A-Z_][A-Z0-9_]*$/), z.string()),
    containerPort: port.default(8080),
    maxSurge: countOrPercent.default('100%'),
    maxUnavailable: countOrPercent.default(0),
  }),
  /** The bundled shortener; started with the cluster's own node and working directory. */
  instanceScript: z.string().min(1),
  /** Each instance has an address of its own, `<prefix>.<first…last>`, e.g. prefix `127.42.1`. */
  podNetwork: z.object({
    prefix: z.string().regex(/^127\.\d{1,3}\.\d{1,3}$/, 'the first three numbers of a loopback address'),
    first: z.int().min(1).max(254).default(100),
    last: z.int().min(1).max(254).default(199),
  }),
  /** `{"backends": [{"host", "port", "name"}], "desired", "updatedAt"}`, replaced whole at each change. */
  backendsFile: z.string().min(1),
  stateFile: z.string().min(1),
  /** Readiness of a running instance; a starting one is asked each 50 ms. */
  readiness: z
    .object({
      intervalMs: z.int().min(50).default(500),
      timeoutMs: z.int().min(50).default(1_500),
      failureThreshold: z.int().min(1).default(2),
    })
    .prefault({}),
  /** From SIGTERM to SIGKILL. */
  terminationGraceMs: z.int().min(0).default(2_000),
})

export type ClusterConfig = z.infer<typeof clusterConfig>
