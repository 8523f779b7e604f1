import { compareLsn } from '@/server/domain/lsn'
import { checkpointOutput, switchoverInputs } from '@/server/domain/plan/switchover-steps'
import { instant } from '@/server/ports/clock'
import { Terminal } from '@/server/ports/errors'
import { expectSystem } from '../identity'
import { defineStep, done, NotVerified } from '../step'

const id = 'agent.checkpoint-primary'

/**
 * Has the primary write its dirty pages now, while it serves, so that the stop has next to nothing left to write; then a marker into the WAL.
 * Safe to repeat: another checkpoint, another marker of the same name. Nothing to undo.
 */
export const checkpointPrimary = defineStep({
  id,
  title: 'Checkpoint the primary and mark its WAL',
  input: switchoverInputs[id],
  output: checkpointOutput,
  precheck: async () => [],
  async run(context, { serverId, systemIdentifier, timeline, checkpointDeadlineMs }) {
    const agent = context.service.agent(serverId)
    const seen = await agent.call('observe', {})
    if (seen.serverId !== serverId) throw new Terminal(`agent ${serverId}`, `The agent answers for ${seen.serverId}`)
    if (seen.systemIdentifier !== null) expectSystem(serverId, seen.systemIdentifier, systemIdentifier)
    if (seen.role !== 'primary' || seen.timeline !== timeline) {
      const is = `${seen.role ?? seen.state} on timeline ${seen.timeline ?? 'unknown'}`
      throw new Terminal(`agent ${serverId}`, `${serverId} is ${is}, not the primary on ${timeline}; nothing was done`)
    }
    const marker = `lifeboat-${context.runId}`.toLowerCase().slice(0, 60)
    const { checkpointLsn, markerLsn } = await agent.call('checkpoint', {
      generation: context.generation,
      runId: context.runId,
      expectSystemIdentifier: systemIdentifier,
      marker,
      deadlineMs: checkpointDeadlineMs,
    })
    return done({ checkpointLsn, marker, markerLsn, at: instant(context.clock.now()) })
  },
  async verify(context, { serverId }, { markerLsn }) {
    const seen = await context.service.postgres(serverId).identify()
    if (seen.currentLsn === null || compareLsn(seen.currentLsn, markerLsn) < 0) {
      throw new NotVerified(`${serverId} is at ${seen.currentLsn ?? 'no position'}, short of its marker ${markerLsn}`)
    }
  },
  compensate: { none: 'A checkpoint changes nothing that anyone reads' },
  pointOfNoReturn: false,
  skippable: false,
  deadlineMs: 240_000,
  maxAttempts: 3,
  backoffMs: 500,
  describe: ({ serverId, region }) => ({
    description: `Checkpoint ${serverId} in ${region}, so that its stop is short, and write a marker into its WAL.`,
    commands: [
      ['psql', '-h', serverId, '-U', 'postgres', '-c', 'CHECKPOINT'],
      ['psql', '-h', serverId, '-U', 'postgres', '-c', "SELECT pg_create_restore_point('before-switchover')"],
    ],
    changes: `${serverId} writes its dirty pages; it goes on serving.`,
  }),
})
