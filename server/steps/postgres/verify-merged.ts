import type { z } from 'zod'
import { mergeInputs, verifyMergedOutput } from '@/server/domain/plan/merge-steps'
import { Terminal } from '@/server/ports/errors'
import { expectSystem } from '../identity'
import { defineStep, done, NotVerified, type StepContext } from '../step'

const id = 'postgres.verify-merged'
type Input = z.infer<(typeof mergeInputs)[typeof id]>
type Values = Readonly<Record<string, string | null>>

const pageRows = 200

async function compare(context: StepContext, input: Input, table: Input['tables'][number]) {
  const server = context.service.postgres(input.serverId)
  const keyOf = (row: Values): string => JSON.stringify(table.key.map((name) => row[name] ?? null))
  const found = { asKept: 0, changedSince: 0, missing: 0 }
  for (let after = -1; ; ) {
    context.signal.throwIfAborted()
    const page = await context.divergences.rows(input.divergenceId, table.table, after, pageRows, [
      'inserted',
      'identical',
    ])
    const kept = page.flatMap(({ row }) => (row === null ? [] : [row]))
    const there = kept.length === 0 ? [] : await server.readByKey(table.table, table.key, kept)
    const byKey = new Map(there.map((row) => [keyOf(row), row]))
    for (const row of kept) {
      const now = byKey.get(keyOf(row))
      if (!now) found.missing += 1
      else if (Object.entries(row).every(([name, value]) => now[name] === value)) found.asKept += 1
      else found.changedSince += 1
    }
    const end = page.at(-1)
    if (!end || page.length < pageRows) return found
    after = end.seq
  }
}

/** Changes nothing: reads every row that was put in back as the monitoring role, by another way than the one that put it in. Safe to repeat; nothing to undo. */
export const verifyMerged = defineStep({
  id,
  title: 'Read the rows back',
  input: mergeInputs[id],
  output: verifyMergedOutput,
  precheck: async () => [],
  async run(context, input) {
    const seen = await context.service.postgres(input.serverId).identify()
    expectSystem(input.serverId, seen.systemIdentifier, input.systemIdentifier)
    const output = { asKept: 0, changedSince: 0 }
    for (const table of input.tables) {
      const { asKept, changedSince, missing } = await compare(context, input, table)
      if (missing > 0)
        throw new Terminal(
          `postgres ${input.serverId}`,
          `${missing} rows of ${table.table} that were put in are not there. If users have deleted them since, skip this step and say so`,
        )
      output.asKept += asKept
      output.changedSince += changedSince
    }
    return done(output)
  },
  async verify(context, input, { asKept, changedSince }) {
    const counts = await context.divergences.countOutcomes(input.divergenceId)
    const names = new Set(input.tables.map((each) => each.table))
    const told = counts
      .filter(({ table, outcome }) => names.has(table) && (outcome === 'inserted' || outcome === 'identical'))
      .reduce((sum, each) => sum + each.rows, 0)
    if (told !== asKept + changedSince)
      throw new NotVerified(`${told} rows are noted as put in; ${asKept + changedSince} were read back`)
  },
  compensate: { none: 'It only looks' },
  pointOfNoReturn: false,
  skippable: true,
  deadlineMs: 120_000,
  maxAttempts: 5,
  backoffMs: 500,
  describe: ({ serverId, tables }) => ({
    description: `Read every row that was put in back from ${serverId}, as the monitoring role.`,
    commands: tables.map(({ table, key }) => [
      ...['psql', '-h', serverId, '-c'],
      `SELECT * FROM ${table} WHERE (${key.join(', ')}) IN (<keys>)`,
    ]),
    changes: null,
  }),
})
