import type { z } from 'zod'
import { compareLsn } from '@/server/domain/lsn'
import { type ComparedTable, compareOutput, failbackInputs } from '@/server/domain/plan/failback-steps'
import { instant } from '@/server/ports/clock'
import { Terminal, Transient } from '@/server/ports/errors'
import type { TableView } from '@/server/ports/table-view'
import { expectSystem } from '../identity'
import { defineStep, done, NotVerified, type StepContext } from '../step'
import { compareVersions, countOf, type Differences, stillUnexplained, totals, unequalRanges } from './compare-versions'

const id = 'postgres.compare-tables'
type Input = z.infer<(typeof failbackInputs)[typeof id]>

/** A standby that is a second behind is there at once; one that is not there by now is not caught up. */
const replayPatienceMs = 30_000
/** Ranges of 1 MiB that are listed row by row: more than this changed while it was looked at, and says nothing. */
const mostRanges = 256
/** A commit is in the WAL a moment before the primary itself shows it. */
const laterLooks = 10

type Compared = { context: StepContext; input: Input; first: TableView; second: TableView; endsAt: number }

async function awaitReplay(context: StepContext, { serverId }: Input, lsn: string): Promise<void> {
  const until = context.clock.now() + replayPatienceMs
  for (;;) {
    const { replayedLsn, inRecovery } = await context.service.postgres(serverId).identify()
    if (!inRecovery) throw new Terminal(`postgres ${serverId}`, `${serverId} is not a standby; nothing was compared`)
    if (replayedLsn !== null && compareLsn(replayedLsn, lsn) >= 0) return
    if (context.clock.now() > until) {
      throw new Transient(
        `postgres ${serverId}`,
        `${serverId} has not replayed ${lsn} within ${replayPatienceMs / 1000} s`,
      )
    }
    await context.clock.sleep(50, context.signal)
  }
}

const notCompared = (table: string, note: string): ComparedTable => ({
  table,
  verdict: 'not-compared',
  rows: null,
  checksum: null,
  note,
})

async function compareTable(compared: Compared, table: string, bytes: number): Promise<ComparedTable> {
  const { context, input, first, second, endsAt } = compared
  if (bytes > input.maxTableBytes)
    return notCompared(table, `It has ${bytes} bytes; at most ${input.maxTableBytes} are compared`)
  if (context.clock.now() > endsAt) return notCompared(table, 'The time for comparing was over')
  const [here, there] = await Promise.all([first.digests(table, null), second.digests(table, first.snapshot)])
  const ranges = unequalRanges(here, there)
  if (ranges.length > mostRanges)
    return notCompared(table, `It changed in ${ranges.length} places while it was compared`)
  const found = await listDifferences(compared, table, ranges)
  if (countOf(found) === 0) return { table, verdict: 'equal', ...totals(here), note: null }
  const examples = [...found.changed, ...found.gone, ...found.extra.map((each) => each.id)].slice(0, 5).join(', ')
  const note = `${found.changed.length} rows differ, ${found.gone.length} are missing, ${found.extra.length} are too many (${examples})`
  return { table, verdict: 'different', ...totals(here), note }
}

async function listDifferences(compared: Compared, table: string, ranges: readonly number[]): Promise<Differences> {
  const { first, second } = compared
  const found = new Map<number, Differences>()
  for (const range of ranges) {
    const here = await first.versions(table, range, null)
    const there = await second.versions(table, range, first.snapshot)
    found.set(range, compareVersions(here, there))
  }
  await explain(compared, table, found)
  const all = [...found.values()]
  return {
    changed: all.flatMap((each) => each.changed),
    gone: all.flatMap((each) => each.gone),
    extra: all.flatMap((each) => each.extra),
  }
}

/** Asks the primary again until it explains what changed in between. What it never explains is a difference. */
async function explain(compared: Compared, table: string, found: Map<number, Differences>): Promise<void> {
  const { context, input } = compared
  for (let look = 0; look < laterLooks; look += 1) {
    const open = [...found].filter(([, each]) => each.gone.length + each.extra.length > 0)
    if (open.length === 0) return
    if (look > 0) await context.clock.sleep(200, context.signal)
    // A new view each time: it has to see more than the one before.
    await context.service.postgres(input.primaryServerId).readTables(input.timeLimitMs, async (third) => {
      for (const [range, each] of open)
        found.set(range, stillUnexplained(each, await third.versions(table, range, null)))
    })
  }
}

async function compareAll(context: StepContext, input: Input): Promise<z.infer<typeof compareOutput>> {
  const { serverId, primaryServerId, timeLimitMs } = input
  const endsAt = context.clock.now() + timeLimitMs * 0.8
  return context.service.postgres(primaryServerId).readTables(timeLimitMs, async (first) => {
    await awaitReplay(context, input, first.lsn)
    return context.service.postgres(serverId).readTables(timeLimitMs, async (second) => {
      const tables: ComparedTable[] = []
      for (const { table, bytes } of await first.tables()) {
        context.signal.throwIfAborted()
        tables.push(await compareTable({ context, input, first, second, endsAt }, table, bytes))
      }
      const comparedAt = instant(context.clock.now())
      return { primaryServerId, serverId, primaryLsn: first.lsn, tables, comparedAt }
    })
  })
}

/**
 * Changes nothing: compares every table of the standby with the primary's, row by row where digests differ, at a moment that both have, under running writes
 * (`compare-versions.ts` says why that is right). A table that could not be compared is said to be not compared, never equal. Safe to repeat; nothing to undo.
 */
export const compareTables = defineStep({
  id,
  title: 'Compare every table on both sides',
  input: failbackInputs[id],
  output: compareOutput,
  precheck: async () => [],
  async run(context, input) {
    const { serverId, primaryServerId, systemIdentifier } = input
    for (const each of [serverId, primaryServerId]) {
      expectSystem(each, (await context.service.postgres(each).identify()).systemIdentifier, systemIdentifier)
    }
    const output = await compareAll(context, input)
    const different = output.tables.filter((each) => each.verdict === 'different')
    if (different.length > 0) {
      const words = different.map(({ table, note }) => `${table}: ${note}`).join('; ')
      throw new Terminal(`postgres ${serverId}`, `${serverId} is not equal to ${primaryServerId}. ${words}`)
    }
    return done(output)
  },
  async verify(context, { serverId, primaryServerId }, { primaryLsn }) {
    const upstream = await context.service.agent(primaryServerId).call('observe', {})
    const row = upstream.replication.find((each) => each.applicationName === serverId)
    if (!row?.replayedLsn || compareLsn(row.replayedLsn, primaryLsn) < 0) {
      throw new NotVerified(`${primaryServerId} does not know ${serverId} at ${primaryLsn}, where it was compared`)
    }
  },
  compensate: { none: 'It only looks' },
  pointOfNoReturn: false,
  skippable: true,
  deadlineMs: 600_000,
  maxAttempts: 5,
  backoffMs: 1000,
  describe: ({ serverId, primaryServerId, maxTableBytes }) => ({
    description: `Compare rows and checksums of every table of ${serverId} with those of ${primaryServerId}; tables over ${Math.round(maxTableBytes / 1024 ** 2)} MiB are not compared.`,
    commands: [
      ['psql', '-h', primaryServerId, '-c', 'SELECT count(*), sum(hashtextextended(t::text, 0)) FROM <table> AS t'],
      ['psql', '-h', serverId, '-c', 'SELECT count(*), sum(hashtextextended(t::text, 0)) FROM <table> AS t'],
    ],
    changes: null,
  }),
})
