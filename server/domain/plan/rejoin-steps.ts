import { z } from 'zod'
import { lsn } from '../agent-protocol'

/**
 * The steps by which a server becomes a standby of the new primary, and is waited for. A switchover and a failback end with the same two.
 * Nothing here makes a server writable.
 */
export const rejoinInputs = {
  'agent.rejoin-standby': z.object({
    serverId: z.string(),
    systemIdentifier: z.string(),
    region: z.string(),
    upstreamServerId: z.string(),
    upstreamHost: z.string(),
    upstreamPort: z.int(),
    /** The slot on the upstream that holds WAL for this server: `slotOf(serverId)`. */
    slot: z.string(),
  }),
  'postgres.await-catch-up': z.object({
    serverId: z.string(),
    systemIdentifier: z.string(),
    primaryServerId: z.string(),
    /** By the heartbeat that the primary writes and the standby has replayed; never by what the standby says of itself. */
    maxLagSeconds: z.number().min(0),
    /** Bytes from the primary's current position to the replayed one; null leaves it to the seconds. */
    maxLagBytes: z.int().min(0).nullable().default(null),
  }),
} as const

/** What slot a server follows another through. Slot names know neither dashes nor capitals, server ids no underscores. */
export function slotOf(serverId: string): string {
  return serverId.replaceAll('-', '_')
}

export const rejoinOutput = z.object({
  serverId: z.string(),
  upstreamServerId: z.string(),
  slot: z.string(),
  timeline: z.int(),
  rejoinedAt: z.string(),
})

export const catchUpOutput = z.object({
  serverId: z.string(),
  primaryServerId: z.string(),
  /** Read from the primary first, from the standby afterwards, so that the difference is never too small. */
  primaryLsn: lsn,
  replayedLsn: lsn,
  lagBytes: z.number(),
  lagSeconds: z.number(),
  caughtUpAt: z.string(),
})
