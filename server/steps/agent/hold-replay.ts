import { heldOutput, rollForwardInputs } from '@/server/domain/plan/roll-forward-steps'
import { Terminal, Transient } from '@/server/ports/errors'
import { blocker } from '../blocker'
import { expectSystem } from '../identity'
import { defineStep, done, NotVerified } from '../step'
import { atDelay } from './replay-at-delay'

const id = 'agent.hold-replay'

/**
 * Has the delayed standby apply nothing more, so that the bad change is not applied while the rest is prepared. It goes on receiving. Safe to repeat.
 * Undone by having it apply at its delay again.
 */
export const holdReplay = defineStep({
  id,
  title: 'Hold the delayed standby where it is',
  input: rollForwardInputs[id],
  output: heldOutput,
  async precheck(context, { serverId }) {
    const seen = await context.service.agent(serverId).call('observe', {})
    if (seen.role === 'standby') return []
    const message = `${serverId} is ${seen.role === 'primary' ? 'a primary' : seen.state}, not a running standby.`
    return [blocker(id, 'delayed.not-a-standby', message, 'Make a new plan from what is so now.')]
  },
  async run(context, { serverId, systemIdentifier, at }) {
    const server = await context.service.postgres(serverId).identify()
    expectSystem(serverId, server.systemIdentifier, systemIdentifier)
    const { held, replayedLsn, appliedUpTo } = await context.service.agent(serverId).call('holdReplay', {
      generation: context.generation,
      runId: context.runId,
      expectSystemIdentifier: systemIdentifier,
    })
    if (!held) throw new Transient(`agent ${serverId}`, `${serverId} was told to hold and has not confirmed it`)
    if (appliedUpTo !== null && Date.parse(appliedUpTo) >= Date.parse(at)) {
      const message = `${serverId} has already applied up to ${appliedUpTo}, past ${at}: it cannot go back. Restore from a backup instead`
      throw new Terminal(`agent ${serverId}`, message)
    }
    return done({ replayedLsn, appliedUpTo })
  },
  async verify(context, { serverId }) {
    const seen = await context.service.agent(serverId).call('observe', {})
    if (seen.replay?.runId !== context.runId) throw new NotVerified(`${serverId} is not held for this run`)
    if (seen.replayPaused !== true) throw new NotVerified(`${serverId} goes on applying`)
  },
  compensate: {
    how: atDelay.how,
    run: (context, input) => atDelay.run(context, input),
    verify: (context, input) => atDelay.verify(context, input),
  },
  pointOfNoReturn: false,
  skippable: false,
  deadlineMs: 30_000,
  maxAttempts: 10,
  backoffMs: 200,
  describe: ({ serverId, region, at }) => ({
    description: `Stop ${serverId} in ${region} from applying anything more, before it reaches ${at}.`,
    commands: [['psql', '-h', serverId, '-c', 'SELECT pg_wal_replay_pause()']],
    changes: `${serverId} goes on receiving and applies nothing.`,
  }),
})
