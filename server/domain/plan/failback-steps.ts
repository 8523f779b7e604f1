import { z } from 'zod'
import { lsn } from '../agent-protocol'

/**
 * The steps by which a region that comes back becomes the standby again, with what the planner gives each. It ends with the shared steps of a rejoin
 * (`rejoin-steps.ts`) and the workload's.
 */
const server = { serverId: z.string(), systemIdentifier: z.string() }

export const failbackInputs = {
  'platform.power-on-host': z.object({ ...server, region: z.string(), hostId: z.string().nullable() }),
  'dns.hold-out-region': z.object({
    region: z.string(),
    bucket: z.string().optional(),
    switchKey: z.string().optional(),
  }),
  'service.verify-held-out': z.object({
    ...server,
    region: z.string(),
    writerRegion: z.string(),
    name: z.string(),
    /** What the public name answers when traffic goes to the returned region. */
    answers: z.array(z.string()),
    /** Traffic leaves this region only while the switch in the writer's store is set. */
    needsSwitch: z.boolean(),
  }),
  'agent.keep-divergence': z.object({
    ...server,
    region: z.string(),
    incidentId: z.string().nullable(),
    forkLsn: lsn,
    forkTimeline: z.int(),
    /** Rows kept a table at the most; what is beyond is counted, and the old data directory stays. */
    rowsPerTable: z.int().min(1),
  }),
  'agent.rebuild-standby': z.object({
    ...server,
    region: z.string(),
    upstreamServerId: z.string(),
    upstreamHost: z.string(),
    upstreamPort: z.int(),
    slot: z.string(),
    /** Step key of the kept divergence: nothing is rewound without it. */
    evidenceStepKey: z.string(),
    rebuildDeadlineMs: z.int().min(1000),
  }),
  'postgres.compare-tables': z.object({
    ...server,
    primaryServerId: z.string(),
    /** Larger tables are not compared, and said to be not compared. */
    maxTableBytes: z.int().min(0),
    /** When it stops: what is left is not compared. */
    timeLimitMs: z.int().min(1000),
  }),
  'service.smoke-test': z.object({
    name: z.string(),
    port: z.int(),
    createPath: z.string(),
    followPath: z.string(),
    target: z.string(),
    timeoutMs: z.int(),
    primaryServerId: z.string(),
    standbyServerId: z.string(),
    region: z.string(),
    endpointUrl: z.string(),
    seenWithinMs: z.int(),
  }),
} as const

export const keptTable = z.object({
  table: z.string(),
  /** Columns of the primary key; empty when it has none, or when the table is not known. */
  key: z.array(z.string()),
  /** From the WAL: changes of committed transactions. */
  inserted: z.int(),
  updated: z.int(),
  deleted: z.int(),
  /** Rows written down, as they were last. */
  kept: z.int(),
  /** Rows whose content could not be read. */
  unreadable: z.int(),
  /** True when there are more rows than were kept. */
  cut: z.boolean(),
})
export type KeptTable = z.infer<typeof keptTable>

export const keepOutput = z.object({
  divergenceId: z.string(),
  serverId: z.string(),
  bytes: z.number(),
  transactions: z.int(),
  rows: z.int(),
  lastCommitAt: z.string().nullable(),
  /** True when everything that only this server has is written down: only then may its data directory be rewound over. */
  whole: z.boolean(),
  tables: z.array(keptTable),
  keptAt: z.string(),
})
export type KeepOutput = z.infer<typeof keepOutput>

export const rebuildOutput = z.object({
  serverId: z.string(),
  how: z.enum(['already', 'rewind', 'base-copy']),
  /** Why a rewind would not do; null when it did. */
  reason: z.string().nullable(),
  timeline: z.int(),
})

const comparedTable = z.object({
  table: z.string(),
  verdict: z.enum(['equal', 'different', 'not-compared']),
  /** Rows that both had at the same moment. */
  rows: z.number().nullable(),
  /** Sum of the row hashes, as text: it is larger than a number holds. */
  checksum: z.string().nullable(),
  /** What differs, or why it was not compared. */
  note: z.string().nullable(),
})
export type ComparedTable = z.infer<typeof comparedTable>

export const compareOutput = z.object({
  primaryServerId: z.string(),
  serverId: z.string(),
  /** The primary's position at which its side was read. */
  primaryLsn: z.string(),
  tables: z.array(comparedTable),
  comparedAt: z.string(),
})

export const smokeOutput = z.object({
  code: z.string(),
  createdAtLsn: z.string(),
  seenAfterMs: z.number(),
  followedThrough: z.string(),
})

export const heldOutOutput = z.object({
  region: z.string(),
  facts: z.array(z.object({ what: z.string(), seen: z.string(), at: z.string() })),
})
