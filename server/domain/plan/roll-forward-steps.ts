import { z } from 'zod'

/** What a restore from a delayed standby is asked with. */
export const rollForwardRequest = z.strictObject({
  source: z.literal('delayed-standby'),
  /** Absent when the service has only one delayed standby. */
  serverId: z.string().max(40).optional(),
  /** Everything committed before it is kept, nothing from it on. UTC. */
  at: z.iso.datetime(),
  /** A person has read that what was written after the moment is not in the new writer. */
  acceptLossAfter: z.boolean(),
})
export type RollForwardRequest = z.infer<typeof rollForwardRequest>

const server = { serverId: z.string(), systemIdentifier: z.string(), region: z.string() }

/** The steps that only a roll-forward has, by id. */
export const rollForwardInputs = {
  'agent.hold-replay': z.object({ ...server, at: z.string() }),
  'agent.roll-forward': z.object({
    ...server,
    at: z.string(),
    /** Of one call to the agent; the step asks again until its own deadline. */
    callDeadlineMs: z.int().min(1_000),
  }),
  'postgres.check-content': z.object({ ...server, timeline: z.int(), at: z.string() }),
  'agent.stop-standby': z.object({ ...server, writerServerId: z.string() }),
} as const

export const heldOutput = z.object({ replayedLsn: z.string().nullable(), appliedUpTo: z.string().nullable() })
export const rolledOutput = z.object({
  replayedLsn: z.string().nullable(),
  /** The newest commit or heartbeat that it has applied: before the moment. */
  appliedUpTo: z.string().nullable(),
  at: z.string(),
})
export const contentOutput = z.object({
  /** Tables outside Lifeboat's own schema, largest first. Row counts are the planner's estimates. */
  tables: z.array(z.object({ table: z.string(), estimatedRows: z.number().nullable(), locked: z.boolean() })),
  tablesFound: z.int(),
  /** Tables that a transaction holds which had not committed by the moment: they can be read after the promotion. */
  tablesLocked: z.int(),
  lastHeartbeatAt: z.string().nullable(),
})
