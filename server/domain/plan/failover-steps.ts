import { z } from 'zod'

/**
 * The steps of a failover by id, with what the planner gives each: the planner fills these, the catalogue's steps parse them.
 * An output is the only hand-over from one step to a later one.
 */
/** Names that only the command for a human needs; the step itself reaches its system through the ports. */
const named = z.string().nullable().default(null)
const server = { serverId: z.string(), systemIdentifier: z.string() }

export const failoverInputs = {
  'service.confirm-outage': z.object({
    region: z.string(),
    publicName: z.string(),
    vantagePoints: z.array(z.string()),
    quorum: z.int().min(1),
    healthUrl: named,
  }),
  'postgres.freeze-loss-statement': z.object({
    ...server,
    timeline: z.int(),
    primaryServerId: z.string(),
    primaryLsn: z.string().nullable(),
    primaryLsnAt: z.string().nullable(),
  }),
  'platform.power-off-primary': z.object({ ...server, region: z.string(), hostId: z.string() }),
  'agent.fence-primary': z.object({ ...server, region: z.string(), fenceDeadlineMs: z.int() }),
  /** The candidate is detached first, so that the old primary loses sight of it; then the agent's own time has to pass. */
  'agent.await-self-fence': z.object({
    ...server,
    region: z.string(),
    /** With what each followed when the plan was built: whoever takes the step back may not be the worker that detached it. */
    standbys: z.array(
      z.object({
        serverId: z.string(),
        follows: z.object({ host: z.string(), port: z.int(), slot: z.string() }).nullable(),
      }),
    ),
    selfFenceMs: z.int(),
    /** When any worker last had an answer from the old primary's agent; null when never. */
    lastHeardAt: z.string().nullable(),
  }),
  'postgres.verify-fence': z.object({
    ...server,
    method: z.enum(['platform', 'agent', 'self-fence']),
    hostId: z.string().nullable(),
    /** Step key of the fencing step, whose output is part of the evidence. */
    fenceStepKey: z.string(),
  }),
  /** Break-glass only: writes down who accepted that the old primary may still take writes. */
  'operator.accept-unfenced': z.object({ ...server, region: z.string(), risk: z.string() }),
  'postgres.promote-candidate': z.object({
    ...server,
    timeline: z.int(),
    region: z.string(),
    host: z.string(),
    port: z.int(),
    fencedServerId: z.string(),
    /** Step key of the evidence: promotion refuses to start without that step's output in this run. */
    evidenceStepKey: z.string(),
    promoteDeadlineMs: z.int(),
  }),
  'postgres.prove-writable': z.object({ ...server, region: z.string(), newerThanTimeline: z.int() }),
  'workload.point-at-primary': z.object({
    region: z.string(),
    serverId: z.string(),
    host: z.string(),
    port: z.int(),
    hostEnv: z.string(),
    portEnv: z.string(),
    namespace: named,
    deployment: named,
  }),
  'cache.prewarm': z.object({
    region: z.string(),
    serverId: z.string(),
    query: z.string(),
    limit: z.int(),
    ttlSeconds: z.int(),
    cacheAddress: named,
  }),
  'workload.scale-region': z.object({ region: z.string(), replicas: z.int(), namespace: named, deployment: named }),
  'dns.turn-switch': z.object({
    name: z.string(),
    fromRegion: z.string(),
    toRegion: z.string(),
    bucket: named,
    switchKey: named,
    writableStepKey: z.string(),
  }),
  'dns.edit-records': z.object({
    name: z.string(),
    zoneId: z.string(),
    fromRegion: z.string(),
    toRegion: z.string(),
    answers: z.array(z.string()),
    writableStepKey: z.string(),
  }),
  'dns.await-resolvers': z.object({
    name: z.string(),
    region: z.string(),
    answers: z.array(z.string()),
    resolvers: z.array(z.string()),
    ttlSeconds: z.int(),
  }),
  'service.verify-synthetic': z.object({
    name: z.string(),
    region: z.string(),
    port: z.int(),
    answers: z.array(z.string()),
    createPath: z.string(),
    followPath: z.string(),
    target: z.string(),
    timeoutMs: z.int(),
  }),
} as const

/** Outputs that later steps or the run's own records read. */
export const fenceEvidence = z.object({
  method: z.enum(['platform', 'agent', 'self-fence', 'handover', 'accepted-risk']),
  serverId: z.string(),
  /** What was seen, by whom and when: one line a fact. */
  facts: z.array(z.object({ what: z.string(), seen: z.string(), at: z.string() })),
  provedAt: z.string(),
})
export type FenceEvidence = z.infer<typeof fenceEvidence>

export const promoteOutput = z.object({
  timeline: z.int(),
  forkLsn: z.string(),
  promotedAt: z.string(),
  already: z.boolean(),
})
export const writableOutput = z.object({
  serverId: z.string(),
  region: z.string(),
  systemIdentifier: z.string(),
  timeline: z.int(),
  lsn: z.string(),
  provedAt: z.string(),
})
export const frozenLoss = z.object({
  candidateReceivedLsn: z.string().nullable(),
  candidateReplayedLsn: z.string().nullable(),
  primaryLsn: z.string().nullable(),
  primaryLsnAt: z.string().nullable(),
  bytes: z.number().nullable(),
  frozenAt: z.string(),
})
