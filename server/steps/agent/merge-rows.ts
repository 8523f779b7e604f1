import type { z } from 'zod'
import { type MergedTable, mergeInputs, mergeOutput } from '@/server/domain/plan/merge-steps'
import type { RowOutcome } from '@/server/ports/divergence-store'
import { blocker } from '../blocker'
import { expectSystem } from '../identity'
import { defineStep, done, NotVerified, type StepContext } from '../step'

const id = 'agent.merge-rows'
type Input = z.infer<(typeof mergeInputs)[typeof id]>
type Row = { seq: number; row: Record<string, string | null> }

const pageRows = 200
/** What a call carries stays well below what an agent reads at most. */
const batchBytes = 256 * 1024

function* batchesOf(rows: readonly Row[]): Generator<Row[]> {
  let batch: Row[] = []
  let bytes = 0
  for (const row of rows) {
    const size = Buffer.byteLength(JSON.stringify(row))
    if (batch.length > 0 && bytes + size > batchBytes) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(row)
    bytes += size
  }
  if (batch.length > 0) yield batch
}

type Table = Input['tables'][number]

/** Sends rows of one table. @returns those that wait for a row of another table, with what was said about them */
async function send(
  context: StepContext,
  input: Input,
  table: Table,
  rows: readonly Row[],
  last: boolean,
): Promise<Row[]> {
  const waiting: Row[] = []
  for (const batch of batchesOf(rows)) {
    context.signal.throwIfAborted()
    const { outcomes } = await context.service.agent(input.serverId).call('mergeRows', {
      generation: context.generation,
      runId: context.runId,
      expectSystemIdentifier: input.systemIdentifier,
      divergenceId: input.divergenceId,
      table: table.table,
      key: table.key,
      rows: batch,
      deadlineMs: input.callDeadlineMs,
    })
    const waits = new Set(outcomes.filter((each) => each.waitsForAnother && !last).map((each) => each.seq))
    waiting.push(...batch.filter((each) => waits.has(each.seq)))
    const told = outcomes.filter((each) => !waits.has(each.seq))
    await context.divergences.putOutcomes(
      input.divergenceId,
      told.map(({ seq, outcome, note }): RowOutcome => ({ seq, table: table.table, outcome, note })),
    )
  }
  return waiting
}

/** A changed row is told as a conflict, without asking anybody: an old value never goes over a newer one. */
async function sendKept(context: StepContext, input: Input, table: Table): Promise<Row[]> {
  const waiting: Row[] = []
  for (let after = -1; ; ) {
    const page = await context.divergences.rows(input.divergenceId, table.table, after, pageRows)
    const rows = page.flatMap(({ seq, op, row }) => (op === 'insert' && row !== null ? [{ seq, row }] : []))
    const others = page.filter(({ op, row }) => op !== 'insert' || row === null)
    await context.divergences.putOutcomes(
      input.divergenceId,
      others.map(({ seq, row }): RowOutcome => {
        const note = row === null ? 'could not be read' : 'was changed on the returned server, not inserted'
        return { seq, table: table.table, outcome: row === null ? 'refused' : 'conflicting', note }
      }),
    )
    waiting.push(...(await send(context, input, table, rows, false)))
    const end = page.at(-1)
    if (!end || page.length < pageRows) return waiting
    after = end.seq
  }
}

/** Rows that refer to others go in once those are there: whatever the order of the tables, as long as a round gets further. */
async function mergeAll(context: StepContext, input: Input): Promise<void> {
  let waiting = new Map<Table, Row[]>()
  for (const table of input.tables) waiting.set(table, await sendKept(context, input, table))
  const countOf = (rows: Map<Table, Row[]>): number => [...rows.values()].reduce((sum, each) => sum + each.length, 0)
  for (let left = countOf(waiting), last = false; left > 0; ) {
    const next = new Map<Table, Row[]>()
    for (const [table, rows] of waiting) next.set(table, await send(context, input, table, rows, last))
    const now = countOf(next)
    last = now === left
    left = now
    waiting = next
  }
}

/**
 * Puts the rows in, a batch in one transaction, through the primary's agent. Safe to repeat: the primary keeps beside the data which row was put in, so a second call
 * inserts nothing twice and brings nothing back that was deleted since. Not undone: users may have built on the rows; which ones they are stays written down.
 */
export const mergeRows = defineStep({
  id,
  title: 'Put the rows into the primary',
  input: mergeInputs[id],
  output: mergeOutput,
  async precheck(context, { serverId, systemIdentifier, timeline }) {
    const seen = await context.service.postgres(serverId).identify()
    expectSystem(serverId, seen.systemIdentifier, systemIdentifier)
    if (!seen.inRecovery && seen.timeline === timeline) return []
    return [
      blocker(
        id,
        'merge.other-writer',
        `${serverId} is not the primary that was approved.`,
        'Build the plan again; nothing was put in.',
      ),
    ]
  },
  async run(context, input) {
    await mergeAll(context, input)
    const counts = await context.divergences.countOutcomes(input.divergenceId)
    const tables = input.tables.map(({ table }): MergedTable => {
      const of = (outcome: RowOutcome['outcome']): number =>
        counts.find((each) => each.table === table && each.outcome === outcome)?.rows ?? 0
      const [inserted, identical] = [of('inserted'), of('identical')]
      return { table, inserted, identical, conflicting: of('conflicting'), refused: of('refused') }
    })
    return done({ divergenceId: input.divergenceId, tables })
  },
  async verify(_context, input, output) {
    for (const { table, kept } of input.tables) {
      const found = output.tables.find((each) => each.table === table)
      const told = found ? found.inserted + found.identical + found.conflicting + found.refused : 0
      if (told !== kept) throw new NotVerified(`Of ${kept} kept rows of ${table}, what became of ${told} is known`)
    }
  },
  compensate: { none: 'Rows that users have seen stay; which ones were added is listed with the kept rows' },
  pointOfNoReturn: true,
  skippable: false,
  deadlineMs: 600_000,
  maxAttempts: 10,
  backoffMs: 500,
  describe: ({ serverId, region, tables }) => ({
    description: `Put ${tables.map((each) => `${each.rows} rows into ${each.table}`).join(', ')} on ${serverId} in ${region}; rows that are there are left as they are.`,
    commands: tables.map(({ table }) => [
      ...['psql', '-h', serverId, '-c'],
      `INSERT INTO ${table} SELECT * FROM <kept rows> ON CONFLICT DO NOTHING`,
    ]),
    changes: `${serverId} has the rows; users see them.`,
  }),
})
