import type { z } from 'zod'
import { checkMergeOutput, mergeInputs } from '@/server/domain/plan/merge-steps'
import { Terminal } from '@/server/ports/errors'
import { expectSystem } from '../identity'
import { defineStep, done, NotVerified, type StepContext } from '../step'

const id = 'postgres.check-merge'
type Input = z.infer<(typeof mergeInputs)[typeof id]>

/** The writer of the plan, on the timeline of the plan, and the tables as the kept rows need them. */
async function look(context: StepContext, { serverId, systemIdentifier, timeline, tables }: Input) {
  const system = `postgres ${serverId}`
  const server = context.service.postgres(serverId)
  const seen = await server.identify()
  expectSystem(serverId, seen.systemIdentifier, systemIdentifier)
  if (seen.inRecovery || seen.timeline !== timeline)
    throw new Terminal(system, `${serverId} is not the primary that the plan is for; nothing was put in`)
  const found: { table: string; triggers: string[] }[] = []
  for (const { table, key } of tables) {
    const now = await server.describeTable(table)
    if (!now) throw new Terminal(system, `${serverId} has no table ${table}; nothing was put in`)
    if (now.key.join('\0') !== key.join('\0'))
      throw new Terminal(
        system,
        `The primary key of ${table} is (${now.key.join(', ')}) now; the rows were kept by another`,
      )
    found.push({ table, triggers: now.triggers })
  }
  return found
}

/** Changes nothing: looks at the tables, and that every one is still decided to be merged. Safe to repeat; nothing to undo. */
export const checkMerge = defineStep({
  id,
  title: 'Look at the tables that the rows go into',
  input: mergeInputs[id],
  output: checkMergeOutput,
  precheck: async () => [],
  async run(context, input) {
    const kept = await context.divergences.read(input.divergenceId)
    if (!kept?.keptAt)
      throw new Terminal('divergence', `The rows of ${input.divergenceId} are not kept; nothing was put in`)
    const undone = input.tables.find((each) => kept.decisions[each.table] !== 'merge')
    if (undone)
      throw new Terminal('divergence', `It was decided otherwise about ${undone.table} since; build the plan again`)
    return done({ tables: await look(context, input) })
  },
  async verify(context, input) {
    const agent = await context.service.agent(input.serverId).call('observe', {})
    if (agent.role !== 'primary' || agent.fence !== null)
      throw new NotVerified(`${input.serverId} is no unfenced primary by its agent's word`)
  },
  compensate: { none: 'It only looks' },
  pointOfNoReturn: false,
  skippable: false,
  deadlineMs: 60_000,
  maxAttempts: 5,
  backoffMs: 500,
  describe: ({ serverId, region, tables }) => ({
    description: `See that ${serverId} in ${region} has ${tables.map((each) => each.table).join(', ')} with the same primary key, and name their triggers.`,
    commands: tables.map(({ table }) => ['psql', '-h', serverId, '-c', `\\d ${table}`]),
    changes: null,
  }),
})
