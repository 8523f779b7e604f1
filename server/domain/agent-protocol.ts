import { z } from 'zod'

/**
 * What crosses the wire between a worker and a host agent: JSON over HTTP, `POST {agentUrl}/v1/{operation}`,
 * `Authorization: Bearer …`. Both sides parse with these schemas. No shell strings, ever.
 *
 * Answers: 200 `{ok: true, result}`; otherwise `{ok: false, error: {kind, message, newestGeneration?}}` with
 * 400 invalid · 401 unauthorised · 409 stale-generation · 422 refused (a guard said no; nothing was done) ·
 * 500 failed (may be half done: observe) · 503 busy (another operation is running; nothing was done).
 * A generation lower than the newest that the agent has obeyed is refused before anything else is looked at; the newest
 * is on disk, synced, before the operation acts.
 */
export const lsn = z.string().regex(/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/, 'a WAL position such as 0/3000148')
const instant = z.iso.datetime()
const generation = z.int().min(0)

export const agentErrorKind = z.enum(['invalid', 'unauthorised', 'stale-generation', 'refused', 'failed', 'busy'])
export const agentError = z.object({
  ok: z.literal(false),
  error: z.object({ kind: agentErrorKind, message: z.string(), newestGeneration: generation.optional() }),
})

/** Why and by whom a server was fenced; kept in the data directory's sibling, so that it survives a restart. */
export const fenceMark = z.object({
  reason: z.enum(['run', 'boot-guard', 'self-fence', 'superseded', 'operator']),
  generation,
  runId: z.string().nullable(),
  at: instant,
})

export const replicationRow = z.object({
  applicationName: z.string(),
  clientAddress: z.string().nullable(),
  state: z.string(),
  syncState: z.string(),
  slotName: z.string().nullable(),
  sentLsn: lsn.nullable(),
  writtenLsn: lsn.nullable(),
  flushedLsn: lsn.nullable(),
  replayedLsn: lsn.nullable(),
  /** When the standby last spoke (`reply_time`). */
  lastReplyAt: instant.nullable(),
})

export const agentObservation = z.object({
  serverId: z.string(),
  observedAt: instant,
  /** Changes whenever the agent starts; a repeated observation from another boot is another world. */
  bootId: z.string(),
  agentVersion: z.string(),
  /** `unresponsive`: processes exist but do not answer in time; never to be read as stopped. */
  state: z.enum(['running', 'starting', 'stopped', 'unresponsive']),
  /** null while it cannot be asked. A running server in recovery is a standby, whatever it was before. */
  role: z.enum(['primary', 'standby']).nullable(),
  systemIdentifier: z.string().nullable(),
  timeline: z.int().nullable(),
  postgresVersion: z.string().nullable(),
  /** True only after a committed write or the equivalent; null while unknown. */
  acceptsWrites: z.boolean().nullable(),
  /** `standby.signal` is in the data directory: a restart cannot bring up a writable server. */
  standbySignal: z.boolean(),
  fence: fenceMark.nullable(),
  /** From the control file: readable with the server stopped. */
  control: z.object({ state: z.string(), checkpointLsn: lsn, redoLsn: lsn, timeline: z.int() }).nullable(),
  /** On a primary: the current and flushed insert position. */
  currentLsn: lsn.nullable(),
  /** On a standby. `receivedLsn` equal to `replayedLsn` says "applied what I got", not "have everything". */
  receivedLsn: lsn.nullable(),
  replayedLsn: lsn.nullable(),
  replayPaused: z.boolean().nullable(),
  /** When the last transaction that this standby applied was committed; forgotten at a restart. */
  lastReplayedXactAt: instant.nullable().optional(),
  /** By configuration: how long it waits before it applies. Absent from agents that know no delay. */
  applyDelayMs: z.int().min(0).optional(),
  /** A run holds replay where it is, or has it stop at a moment. */
  replay: z
    .object({ mode: z.enum(['held', 'target']), runId: z.string(), targetTime: z.string().nullable() })
    .nullable()
    .optional(),
  receiver: z
    .object({
      status: z.string(),
      senderHost: z.string().nullable(),
      senderPort: z.int().nullable(),
      lastMessageAt: instant.nullable(),
      latestEndLsn: lsn.nullable(),
    })
    .nullable(),
  /** What this standby is told to follow; null when detached. */
  follows: z.object({ host: z.string(), port: z.int(), slot: z.string() }).nullable(),
  replication: z.array(replicationRow),
  slots: z.array(
    z.object({ name: z.string(), active: z.boolean(), restartLsn: lsn.nullable(), walStatus: z.string().nullable() }),
  ),
  /** The newest heartbeat row this server has: written each second on the primary, read wherever it has replayed. */
  heartbeat: z.object({ at: instant, lsn, serverId: z.string() }).nullable(),
  newestGeneration: generation,
  /** On a primary: rows updated and deleted in each table since `since`, as its statistics count them. Absent from older agents. */
  changes: z
    .object({
      since: z.string().nullable(),
      tables: z.array(z.object({ table: z.string(), changed: z.number().min(0) })),
    })
    .nullable()
    .optional(),
  /** Of the file system that the data directory is on: its size, and what is free for PostgreSQL. Absent from older agents. */
  disk: z
    .object({ totalBytes: z.number().min(0), freeBytes: z.number().min(0) })
    .nullable()
    .optional(),
  /** Self-fencing: what this agent can still see, and when it will stop its primary if that does not change. */
  sight: z.object({
    controlSeenAt: instant.nullable(),
    standbySeenAt: instant.nullable(),
    selfFenceAfterMs: z.int(),
    selfFenceAt: instant.nullable(),
  }),
  /**
   * Echoed in the next call. The agent counts the control plane as seen from the moment it *issued* a nonce that came back:
   * a one-way link, on which requests arrive and answers do not, therefore does not keep an isolated primary alive.
   */
  nonce: z.string(),
})

const fenced = z.object({ generation, runId: z.string() })

/** One row that only this server has. Values are PostgreSQL's own text, so that no number loses digits on the way. */
const strandedRow = z.object({
  table: z.string(),
  /** Position in the whole divergence; the same at every reading. */
  seq: z.int().min(0),
  op: z.enum(['insert', 'update']),
  /** null when it could not be read: too large, or gone. */
  row: z.record(z.string(), z.string().nullable()).nullable(),
})
export type StrandedRow = z.infer<typeof strandedRow>

const strandedTable = z.object({
  table: z.string(),
  /** Columns of the primary key, in its order; empty when it has none. */
  key: z.array(z.string()),
  /** How many rows can be had. */
  rows: z.int(),
  /** Rows that were there at the fork and are deleted here: what they held cannot be read from this server. */
  deleted: z.int(),
  /** True when the table has more than were asked for. */
  cut: z.boolean(),
})
export type StrandedTable = z.infer<typeof strandedTable>

/** name → request and result. `observe`, `divergence` and `strandedRows` change nothing and need no generation. */
export const agentOperations = {
  observe: { request: z.object({ echo: z.string().optional() }), result: agentObservation },
  /**
   * Places `standby.signal` and the fence mark, then stops the server fast (`smart` never). If it does not stop by
   * `deadlineMs`, immediately; if that fails too, kills every process that works in the data directory. The result is
   * what is so afterwards, not what was tried.
   */
  fence: {
    request: fenced.extend({ expectSystemIdentifier: z.string(), deadlineMs: z.int().min(100) }),
    result: z.object({
      stopped: z.boolean(),
      standbySignal: z.boolean(),
      how: z.enum(['already', 'fast', 'immediate', 'killed']),
      control: agentObservation.shape.control,
    }),
  },
  /** Takes the mark and the signal away and starts the server as the primary it was. Refused once its successor was promoted. */
  unfence: { request: fenced.extend({ expectSystemIdentifier: z.string() }), result: agentObservation },
  /**
   * Refused unless in recovery, same system identifier, replay not paused, or paused at the moment it was rolled forward to. Answers when writable.
   * Already primary: done.
   */
  promote: {
    request: fenced.extend({ expectSystemIdentifier: z.string(), deadlineMs: z.int().min(100) }),
    result: z.object({ timeline: z.int(), forkLsn: lsn, already: z.boolean() }),
  },
  /** Stops following: no more WAL is received, and the upstream loses sight of this standby. */
  detach: { request: fenced, result: z.object({ receivedLsn: lsn.nullable() }) },
  /** Follows an upstream through a slot (made there if missing, with the replication role's credentials). */
  follow: {
    request: fenced.extend({ host: z.string(), port: z.int(), slot: z.string(), expectSystemIdentifier: z.string() }),
    result: z.object({ following: z.boolean() }),
  },
  /**
   * A checkpoint of a running primary, and a second one if the first took long, so that a stop right after has little to write; then a
   * restore point as a marker in the WAL. Asked again, it writes another of the same name.
   */
  checkpoint: {
    request: fenced.extend({
      expectSystemIdentifier: z.string(),
      marker: z.string().regex(/^[a-z0-9-]{1,60}$/),
      deadlineMs: z.int().min(100),
    }),
    result: z.object({ checkpointLsn: lsn, markerLsn: lsn }),
  },
  /** Drops a physical slot that nobody uses, on a standby only: what it was followed through while it was the primary. */
  dropSlot: { request: fenced.extend({ slot: z.string() }), result: z.object({ dropped: z.boolean() }) },
  stop: { request: fenced.extend({ deadlineMs: z.int().min(100) }), result: z.object({ stopped: z.boolean() }) },
  /** Starts as a standby if the signal is there. Never makes a writable server by itself. */
  start: { request: fenced, result: agentObservation },
  /** Fresh copy of an upstream over an empty or agent-owned data directory; the old directory is kept beside it. */
  baseCopy: {
    request: fenced.extend({
      host: z.string(),
      port: z.int(),
      slot: z.string(),
      deadlineMs: z.int().min(100),
      /** What only the old directory has is recorded elsewhere: it may be pruned once a newer one was kept. Otherwise it never is. */
      recorded: z.boolean().optional(),
    }),
    result: agentObservation,
  },
  /** pg_rewind against an upstream. Refused while the server runs. */
  rewind: {
    request: fenced.extend({ host: z.string(), port: z.int(), slot: z.string(), deadlineMs: z.int().min(100) }),
    result: agentObservation,
  },
  /** Applies nothing more, and goes on receiving; survives a restart. `appliedUpTo` is the newest commit or heartbeat that it has applied. */
  holdReplay: {
    request: fenced.extend({ expectSystemIdentifier: z.string() }),
    result: z.object({ held: z.boolean(), replayedLsn: lsn.nullable(), appliedUpTo: instant.nullable() }),
  },
  /**
   * Restarts the standby so that it applies at once what was committed before `targetTime`, nothing of what came later, and stops there, read-only.
   * Refused when it has applied past it. `reached` is false while it has not come that far by the deadline: ask again.
   */
  rollForward: {
    request: fenced.extend({
      expectSystemIdentifier: z.string(),
      targetTime: instant,
      deadlineMs: z.int().min(100),
    }),
    result: z.object({ reached: z.boolean(), replayedLsn: lsn.nullable(), appliedUpTo: instant.nullable() }),
  },
  /** Takes both back: it follows its upstream again at its usual delay. Only for the run that holds it. */
  resumeReplay: {
    request: fenced.extend({ expectSystemIdentifier: z.string() }),
    result: z.object({ resumed: z.boolean() }),
  },
  /**
   * The control plane's word on who the writer is. A boot-guarded server that hears that it still is the writer, at a generation
   * not older than any it obeyed, and whose timeline is `timeline`, is started as the primary. A primary that hears of another
   * writer at a newer generation fences itself at once (`superseded`).
   */
  assertWriter: {
    request: z.object({ generation, writerServerId: z.string(), timeline: z.int(), systemIdentifier: z.string() }),
    result: z.object({ role: z.enum(['primary', 'standby']).nullable(), changed: z.boolean() }),
  },
  /**
   * What this server has past a fork and its successor does not: read from its own WAL, before anything is rewound.
   * `tables` counts rows of committed transactions only, without Lifeboat's own schema.
   */
  divergence: {
    request: z.object({ forkLsn: lsn, forkTimeline: z.int() }),
    result: z.object({
      endLsn: lsn,
      bytes: z.number(),
      transactions: z.int(),
      lastCommitAt: instant.nullable(),
      tables: z.array(z.object({ table: z.string(), inserted: z.int(), updated: z.int(), deleted: z.int() })),
      /** False when WAL was missing or unreadable before its end: then the counts are lower bounds. */
      complete: z.boolean(),
    }),
  },
  /**
   * The rows behind `divergence`, as they are on this read-only server now: the last version of each row that a committed transaction inserted or updated
   * past the fork. In the order of the WAL, a page at a time. Refused while the server does not run, or has not replayed to the end of its WAL.
   */
  strandedRows: {
    request: z.object({
      forkLsn: lsn,
      forkTimeline: z.int(),
      rowsPerTable: z.int().min(1).max(100_000),
      offset: z.int().min(0),
      limit: z.int().min(1).max(2_000),
    }),
    result: z.object({
      rows: z.array(strandedRow),
      /** Where the next page begins; null after the last. */
      next: z.int().nullable(),
      tables: z.array(strandedTable),
    }),
  },
  /**
   * Puts rows into a table of the running primary that does not have them, in one transaction; a row that is there is never changed. A mark beside the data says which
   * kept row was put in: a repeated call says `inserted` again and inserts nothing. Refused on a standby or a fenced server, and where table, key or columns differ.
   */
  mergeRows: {
    request: fenced.extend({
      expectSystemIdentifier: z.string(),
      divergenceId: z.string().min(1).max(100),
      table: z.string().min(1).max(200),
      key: z.array(z.string()).min(1),
      rows: z.array(z.object({ seq: z.int().min(0), row: z.record(z.string(), z.string().nullable()) })).max(500),
      deadlineMs: z.int().min(100),
    }),
    result: z.object({
      outcomes: z.array(
        z.object({
          seq: z.int(),
          /** `identical`: it is there as it was · `conflicting`: its key is there with other content · `refused`: the table does not take it. */
          outcome: z.enum(['inserted', 'identical', 'conflicting', 'refused']),
          /** Why, without any of the row's content. */
          note: z.string().nullable(),
          /** A row that it refers to is not there: it may be taken once that one is. */
          waitsForAnother: z.boolean(),
        }),
      ),
    }),
  },
} as const

export type AgentOperation = keyof typeof agentOperations
export type AgentRequest<O extends AgentOperation> = z.infer<(typeof agentOperations)[O]['request']>
export type AgentResult<O extends AgentOperation> = z.infer<(typeof agentOperations)[O]['result']>
export type AgentObservation = z.infer<typeof agentObservation>
export type FenceMark = z.infer<typeof fenceMark>
