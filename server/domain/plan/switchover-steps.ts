import { z } from 'zod'
import { lsn } from '../agent-protocol'
import { fenceEvidence } from './failover-steps'

const server = { serverId: z.string(), systemIdentifier: z.string(), region: z.string() }

/**
 * The steps that only a planned handover has, by id: from the look that all is calm to the proof that nothing is lost.
 * Between stop and promotion nothing is done that could have been done before.
 */
export const switchoverInputs = {
  'postgres.check-calm': z.object({
    ...server,
    timeline: z.int(),
    candidateServerId: z.string(),
    candidateHost: z.string(),
    candidatePort: z.int(),
    /** A candidate further behind than this would make the stop long. */
    maxLagBytes: z.int().min(0),
    maxLagSeconds: z.number().min(0),
  }),
  'agent.checkpoint-primary': z.object({ ...server, timeline: z.int(), checkpointDeadlineMs: z.int().min(100) }),
  'agent.stop-primary': z.object({
    ...server,
    timeline: z.int(),
    candidateServerId: z.string(),
    /** Step key of the checkpoint: the candidate has to have replayed its marker before anything is stopped. */
    outputStepKey: z.string(),
    markerWaitMs: z.int().min(1),
    stopDeadlineMs: z.int().min(100),
  }),
  'postgres.prove-handover': z.object({
    ...server,
    timeline: z.int(),
    candidateServerId: z.string(),
    /** Step key of the stop, whose shutdown checkpoint the candidate has to have. */
    fenceStepKey: z.string(),
    /** After this the candidate has fallen short: everything is taken back. */
    waitMs: z.int().min(1),
  }),
  'workload.shrink-region': z.object({
    region: z.string(),
    replicas: z.int().min(0),
    /** Where traffic goes now: only a region that it has left is made smaller. */
    name: z.string(),
    answers: z.array(z.string()),
    namespace: z.string().nullable().default(null),
    deployment: z.string().nullable().default(null),
  }),
} as const

export const calmOutput = z.object({
  primaryLsn: lsn,
  candidateLsn: lsn,
  lagBytes: z.number(),
  lagSeconds: z.number(),
  seenAt: z.string(),
})

export const checkpointOutput = z.object({
  /** Of the last checkpoint; the stop has to write only what was changed after it. */
  checkpointLsn: lsn,
  /** The restore point that was written after it: what has replayed it was streaming a moment ago. */
  marker: z.string(),
  markerLsn: lsn,
  at: z.string(),
})

export const stopOutput = z.object({
  how: z.enum(['already', 'fast']),
  controlState: z.literal('shut down'),
  /** Where the shutdown checkpoint begins: the last record of the old primary's history. */
  shutdownLsn: lsn,
  /** Right before the stop was asked for: from here on no write was acknowledged for long. */
  begunAt: z.string(),
  stoppedAt: z.string(),
})

/** Evidence of fencing that also proves zero loss: the candidate has the last record that the old primary ever wrote. */
export const handoverEvidence = fenceEvidence.extend({
  method: z.literal('handover'),
  shutdownLsn: lsn,
  candidateReceivedLsn: lsn,
  candidateReplayedLsn: lsn,
})
