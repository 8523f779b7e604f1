import type { z } from 'zod'
import { failbackInputs, type KeepOutput, keepOutput, rebuildOutput } from '@/server/domain/plan/failback-steps'
import { Terminal, Transient, Unreachable } from '@/server/ports/errors'
import { blocker } from '../blocker'
import { expectSystem } from '../identity'
import { defineStep, done, NotVerified, type StepContext, wait } from '../step'

const id = 'agent.rebuild-standby'
type Input = z.infer<(typeof failbackInputs)[typeof id]>

/** The evidence that what only this server has is written down: from the step's output and from the store itself. */
async function findKept(context: StepContext, { evidenceStepKey, serverId }: Input): Promise<KeepOutput | null> {
  const said = keepOutput.safeParse(context.outputs[evidenceStepKey])
  if (!said.success || said.data.serverId !== serverId) return null
  const stored = await context.divergences.read(said.data.divergenceId)
  return stored?.keptAt && stored.serverId === serverId ? said.data : null
}

function order(context: StepContext, input: Input) {
  const { upstreamHost: host, upstreamPort: port, slot, rebuildDeadlineMs: deadlineMs } = input
  return { generation: context.generation, runId: context.runId, host, port, slot, deadlineMs }
}

async function stop(context: StepContext, serverId: string): Promise<void> {
  const { generation, runId } = context
  const { stopped } = await context.service.agent(serverId).call('stop', { generation, runId, deadlineMs: 20_000 })
  if (!stopped) throw new Transient(`agent ${serverId}`, `${serverId} has not stopped; nothing was rewound`)
}

/**
 * Tries the rewind. @returns why it did not do; null when it did
 * @throws what says nothing about the rewind: a refusal, an agent that is busy with it or cannot be reached
 */
async function tryRewind(context: StepContext, input: Input): Promise<string | null> {
  const agent = context.service.agent(input.serverId)
  try {
    await agent.call('rewind', order(context, input))
    return null
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error
    // No answer at all is not a failed rewind: it may still be going on. Only an agent that answers has said what became of it.
    const seen = await agent.call('observe', {})
    if (seen.role === 'standby' && (await isRebuilt(context, input))) return null
    if (seen.state !== 'stopped') throw error
    return error.message
  }
}

async function isRebuilt(
  context: StepContext,
  { serverId, upstreamServerId, upstreamHost, upstreamPort, slot }: Input,
) {
  const [seen, upstream] = await Promise.all([
    context.service.agent(serverId).call('observe', {}),
    context.service.agent(upstreamServerId).call('observe', {}),
  ])
  const { follows } = seen
  const same = follows?.host === upstreamHost && follows.port === upstreamPort && follows.slot === slot
  return same && seen.role === 'standby' && seen.timeline !== null && seen.timeline === upstream.timeline
}

/** How it was done, so that a retry says the same; the reason is null after a rewind. */
async function rebuild(context: StepContext, input: Input, kept: KeepOutput): Promise<string | null> {
  const { serverId } = input
  if (kept.whole) {
    await stop(context, serverId)
    const reason = await tryRewind(context, input)
    if (reason === null) return null
    await context.service.agent(serverId).call('baseCopy', { ...order(context, input), recorded: true })
    return reason
  }
  await context.service.agent(serverId).call('baseCopy', { ...order(context, input), recorded: false })
  return 'Not everything that only this server has could be written down: its old data directory is kept beside a fresh copy'
}

/**
 * Makes the returned server a copy of the writer again: by a rewind, or where that will not do by a fresh base copy, which leaves the old data directory beside.
 * Refuses without evidence of this run that its own rows are kept. Safe to repeat: the agent does either once a run. Not undone: its own history is gone from it.
 */
export const rebuildStandby = defineStep({
  id,
  title: 'Rebuild the returned server from the writer',
  input: failbackInputs[id],
  output: rebuildOutput,
  async precheck(context, input) {
    if (await findKept(context, input)) return []
    const message = `This run has not kept what only ${input.serverId} has.`
    return [blocker(id, 'divergence.not-kept', message, 'Keep the divergence first; nothing is rewound without it.')]
  },
  async run(context, input) {
    const { serverId, upstreamServerId, systemIdentifier } = input
    const kept = await findKept(context, input)
    if (!kept) throw new Terminal(`agent ${serverId}`, `What only ${serverId} has is not kept; nothing was rewound`)
    const [seen, writer] = await Promise.all([
      context.service.agent(serverId).call('observe', {}),
      context.service.postgres(upstreamServerId).identify(),
    ])
    if (seen.systemIdentifier !== null) expectSystem(serverId, seen.systemIdentifier, systemIdentifier)
    expectSystem(upstreamServerId, writer.systemIdentifier, systemIdentifier)
    if (writer.inRecovery) {
      throw new Terminal(`postgres ${upstreamServerId}`, `${upstreamServerId} is not a primary; nothing was rewound`)
    }
    if (seen.role === 'primary') {
      throw new Terminal(`agent ${serverId}`, `${serverId} runs as a primary; nothing was rewound. Fence it first`)
    }
    if (await isRebuilt(context, input)) {
      return done({ serverId, how: 'already' as const, reason: null, timeline: writer.timeline })
    }
    if (seen.state === 'starting') return wait(300, `${serverId} starts`)
    const reason = await rebuild(context, input, kept)
    const how = reason === null ? ('rewind' as const) : ('base-copy' as const)
    return done({ serverId, how, reason, timeline: writer.timeline })
  },
  async verify(context, { serverId, systemIdentifier, upstreamServerId }) {
    const [standby, writer, refuses] = await Promise.all([
      context.service.postgres(serverId).identify(),
      context.service.postgres(upstreamServerId).identify(),
      context.service.postgres(serverId).refusesWrites(),
    ])
    expectSystem(serverId, standby.systemIdentifier, systemIdentifier)
    if (!standby.inRecovery || !refuses) throw new NotVerified(`${serverId} does not answer as a read-only standby`)
    if (standby.timeline !== writer.timeline) {
      throw new NotVerified(`${serverId} is on timeline ${standby.timeline}, ${upstreamServerId} on ${writer.timeline}`)
    }
  },
  compensate: { none: 'Its own history is gone from it; what only it had is kept in Lifeboat' },
  pointOfNoReturn: true,
  skippable: false,
  deadlineMs: 3_600_000,
  maxAttempts: 5,
  backoffMs: 1000,
  describe: ({ serverId, region, upstreamServerId, upstreamHost, upstreamPort, slot }) => ({
    description: `Rewind ${serverId} in ${region} to the history of ${upstreamServerId}; where that will not do, replace it by a fresh base copy and keep its old data directory.`,
    commands: [
      ['psql', '-h', upstreamHost, '-p', String(upstreamPort), '-c', 'CHECKPOINT'],
      ['pg_rewind', '-D', '$PGDATA', '--source-server', `host=${upstreamHost} port=${upstreamPort} dbname=postgres`],
      [
        'pg_basebackup',
        '-D',
        '$PGDATA.new',
        '-h',
        upstreamHost,
        '-p',
        String(upstreamPort),
        '-S',
        slot,
        '-X',
        'stream',
      ],
    ],
    changes: `${serverId} loses the history that only it has, and becomes a copy of ${upstreamServerId}.`,
  }),
})
