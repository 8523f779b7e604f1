import type { z } from 'zod'
import type { AgentObservation, AgentResult, StrandedTable } from '@/server/domain/agent-protocol'
import { lsnDiffBytes } from '@/server/domain/lsn'
import { failbackInputs, type KeepOutput, type KeptTable, keepOutput } from '@/server/domain/plan/failback-steps'
import type { KeptDivergence } from '@/server/ports/divergence-store'
import { Terminal } from '@/server/ports/errors'
import { expectSystem } from '../identity'
import { defineStep, done, NotVerified, type StepContext, wait } from '../step'

const id = 'agent.keep-divergence'
type Input = z.infer<(typeof failbackInputs)[typeof id]>
type Divergence = AgentResult<'divergence'>

/** Rows of one answer: an agent's answer is at most 2 MiB. */
const pageRows = 1000
/** The end of the WAL and the end of what was replayed may differ by the header of a page. */
const pageHeaderBytes = 64

function expectUnrewound(seen: AgentObservation, { serverId, forkTimeline }: Input): void {
  const system = `agent ${serverId}`
  if (seen.role === 'primary') throw new Terminal(system, `${serverId} runs as a primary; nothing was read or written`)
  if (seen.timeline !== null && seen.timeline > forkTimeline) {
    const message = `${serverId} is on timeline ${seen.timeline} already, past the fork from ${forkTimeline}: what it alone had can no longer be read. Build the plan anew`
    throw new Terminal(system, message)
  }
}

/** Reads page after page and writes each down before the next is asked for. */
async function copyRows(context: StepContext, input: Input, divergenceId: string): Promise<KeptTable[]> {
  const agent = context.service.agent(input.serverId)
  const { forkLsn, forkTimeline, rowsPerTable } = input
  const unreadable = new Map<string, number>()
  let tables: StrandedTable[] = []
  for (let offset: number | null = 0; offset !== null; ) {
    context.signal.throwIfAborted()
    const page: AgentResult<'strandedRows'> = await agent.call('strandedRows', {
      forkLsn,
      forkTimeline,
      rowsPerTable,
      offset,
      limit: pageRows,
    })
    await context.divergences.putRows(divergenceId, page.rows)
    for (const { table, row } of page.rows) if (row === null) unreadable.set(table, (unreadable.get(table) ?? 0) + 1)
    tables = page.tables
    offset = page.next
  }
  return tables.map(({ table, key, rows, cut }) => ({
    ...{ table, key, kept: rows, cut, unreadable: unreadable.get(table) ?? 0 },
    ...{ inserted: 0, updated: 0, deleted: 0 },
  }))
}

/** Counts come from the WAL, rows from the tables: a table that only the WAL knows is kept as a count. */
function joinTables(found: Divergence, rows: readonly KeptTable[]): KeptTable[] {
  const counted = found.tables.map(({ table, inserted, updated, deleted }): KeptTable => {
    const read = rows.find((each) => each.table === table)
    const none = { table, key: [], kept: 0, unreadable: 0, cut: inserted + updated > 0 }
    return { ...(read ?? none), inserted, updated, deleted }
  })
  return [...counted, ...rows.filter((each) => !counted.some((other) => other.table === each.table))]
}

/** Deleted rows are only counted, since what they held is nowhere to be read; the successor has them still, so nothing is lost with them. */
function isWhole(found: Divergence, tables: readonly KeptTable[]): boolean {
  return found.complete && tables.every((each) => !each.cut && each.unreadable === 0)
}

function outputOf(found: Divergence, kept: KeptDivergence): KeepOutput {
  return {
    divergenceId: kept.id,
    serverId: kept.serverId,
    bytes: found.bytes,
    transactions: found.transactions,
    rows: kept.rows,
    lastCommitAt: found.lastCommitAt,
    whole: isWhole(found, kept.tables),
    tables: kept.tables,
    keptAt: kept.keptAt ?? '',
  }
}

/**
 * Writes down what only the returned server has, before anything of it is rewound: counts from its WAL, rows from its tables. Starts the server read-only when it
 * is stopped. Safe to repeat: rows that are written stay, and a divergence that is kept is not read again. Nothing to undo.
 */
export const keepDivergence = defineStep({
  id,
  title: 'Keep what only the returned server has',
  input: failbackInputs[id],
  output: keepOutput,
  precheck: async () => [],
  async run(context, input) {
    const { serverId, systemIdentifier, region, incidentId, forkLsn, forkTimeline } = input
    const agent = context.service.agent(serverId)
    const seen = await agent.call('observe', {})
    if (seen.systemIdentifier !== null) expectSystem(serverId, seen.systemIdentifier, systemIdentifier)
    expectUnrewound(seen, input)
    if (seen.state === 'stopped') {
      await agent.call('start', { generation: context.generation, runId: context.runId })
      return wait(200, `${serverId} starts, read-only`)
    }
    if (seen.state !== 'running' || seen.replayedLsn === null) return wait(300, `${serverId} is ${seen.state}`)
    const found = await agent.call('divergence', { forkLsn, forkTimeline })
    const missing = lsnDiffBytes(found.endLsn, seen.replayedLsn)
    if (missing > pageHeaderBytes) return wait(300, `${serverId} still replays ${missing} bytes of its own WAL`)
    const { bytes, transactions, lastCommitAt, complete, endLsn } = found
    const about = { serverId, region, incidentId, forkLsn, forkTimeline, endLsn }
    const begun = await context.divergences.begin({ ...about, bytes, transactions, lastCommitAt, complete })
    if (begun.keptAt !== null) return done(outputOf(found, begun))
    const rows = await copyRows(context, input, begun.id)
    return done(outputOf(found, await context.divergences.keep(begun.id, joinTables(found, rows))))
  },
  async verify(context, _input, output) {
    const kept = await context.divergences.read(output.divergenceId)
    if (!kept?.keptAt) throw new NotVerified(`The divergence ${output.divergenceId} is not in the control database`)
    const promised = output.tables.reduce((sum, each) => sum + each.kept, 0)
    if (kept.rows !== promised) {
      throw new NotVerified(`${kept.rows} rows are written down; the server has ${promised} of its own`)
    }
  },
  compensate: { none: 'What is kept stays kept' },
  pointOfNoReturn: false,
  skippable: false,
  deadlineMs: 240_000,
  maxAttempts: 10,
  backoffMs: 500,
  describe: ({ serverId, region, forkLsn, forkTimeline, rowsPerTable }) => ({
    description: `Read what ${serverId} in ${region} has past ${forkLsn} on timeline ${forkTimeline}, and write it down: up to ${rowsPerTable} rows a table.`,
    commands: [['pg_waldump', '-p', '$PGDATA/pg_wal', '-t', String(forkTimeline), '-s', forkLsn]],
    changes: `${serverId} runs read-only; its rows that nobody else has are in Lifeboat.`,
  }),
})
