import { z } from 'zod'
import { failoverInputs } from '@/server/domain/plan/failover-steps'
import { Terminal, Transient } from '@/server/ports/errors'
import { expectSystem } from '../identity'
import { askDirectly } from '../postgres/ask-directly'
import { defineStep, done, NotVerified } from '../step'

const id = 'agent.fence-primary'
const output = z.object({
  how: z.enum(['already', 'fast', 'immediate', 'killed']),
  stopped: z.literal(true),
  standbySignal: z.literal(true),
  /** null when the control file could not be read. */
  controlState: z.string().nullable(),
  checkpointLsn: z.string().nullable(),
})

/**
 * Has the agent stop the old primary, with a marker that keeps a restart from being writable. Safe to repeat: the agent answers what is so.
 * Undone by the same agent, which starts the server as the primary it was, and refuses once a successor was promoted.
 */
export const fencePrimary = defineStep({
  id,
  title: 'Fence the old primary through its agent',
  input: failoverInputs[id],
  output,
  precheck: async () => [],
  async run(context, { serverId, systemIdentifier, fenceDeadlineMs }) {
    const agent = context.service.agent(serverId)
    const seen = await agent.call('observe', {})
    if (seen.serverId !== serverId) throw new Terminal(`agent ${serverId}`, `The agent answers for ${seen.serverId}`)
    if (seen.systemIdentifier !== null) expectSystem(serverId, seen.systemIdentifier, systemIdentifier)
    const fenced = await agent.call('fence', {
      generation: context.generation,
      runId: context.runId,
      expectSystemIdentifier: systemIdentifier,
      deadlineMs: fenceDeadlineMs,
    })
    if (!fenced.stopped || !fenced.standbySignal) {
      const missing = fenced.stopped ? 'has stopped, but without its marker' : 'has not stopped'
      throw new Transient(`agent ${serverId}`, `${serverId} ${missing}`)
    }
    return done({
      how: fenced.how,
      stopped: true as const,
      standbySignal: true as const,
      controlState: fenced.control?.state ?? null,
      checkpointLsn: fenced.control?.checkpointLsn ?? null,
    })
  },
  async verify(context, { serverId }) {
    const answer = await askDirectly(context, serverId)
    if (answer.kind !== 'silent') throw new NotVerified(`${serverId} was stopped, but: ${answer.words}`)
  },
  compensate: {
    how: 'Its agent takes the marker away and starts it as the primary it was.',
    async run(context, { serverId, systemIdentifier }) {
      await context.service.agent(serverId).call('unfence', {
        generation: context.generation,
        runId: context.runId,
        expectSystemIdentifier: systemIdentifier,
      })
      return done(null)
    },
    async verify(context, { serverId }) {
      await context.service.postgres(serverId).proveWritable(`unfenced by run ${context.runId}`)
    },
  },
  pointOfNoReturn: false,
  skippable: false,
  deadlineMs: 120_000,
  maxAttempts: 3,
  backoffMs: 500,
  describe: ({ serverId, region }) => ({
    description: `Stop ${serverId} in ${region} through its agent, marked so that a restart cannot take writes.`,
    commands: [
      ['touch', '$PGDATA/standby.signal'],
      ['pg_ctl', 'stop', '-D', '$PGDATA', '-m', 'fast'],
    ],
    changes: `${serverId} stops; its open sessions end.`,
  }),
})
