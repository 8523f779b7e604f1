import { rolledOutput, rollForwardInputs } from '@/server/domain/plan/roll-forward-steps'
import { Terminal } from '@/server/ports/errors'
import { expectSystem } from '../identity'
import { defineStep, done, NotVerified, wait } from '../step'
import { atDelay } from './replay-at-delay'

const id = 'agent.roll-forward'

/**
 * Has the delayed standby apply what was committed before the moment, and stop there, still read-only. Safe to repeat: one that stands there is left alone.
 * Undone by having it apply at its delay again.
 */
export const rollForward = defineStep({
  id,
  title: 'Roll the delayed standby forward to the moment',
  input: rollForwardInputs[id],
  output: rolledOutput,
  precheck: async () => [],
  async run(context, { serverId, systemIdentifier, at, callDeadlineMs }) {
    const rolled = await context.service.agent(serverId).call('rollForward', {
      generation: context.generation,
      runId: context.runId,
      expectSystemIdentifier: systemIdentifier,
      targetTime: at,
      deadlineMs: callDeadlineMs,
    })
    const { appliedUpTo, replayedLsn } = rolled
    if (!rolled.reached) {
      return wait(500, `${serverId} has applied up to ${appliedUpTo ?? 'an unknown moment'}, on its way to ${at}`)
    }
    if (appliedUpTo !== null && Date.parse(appliedUpTo) >= Date.parse(at)) {
      throw new Terminal(
        `agent ${serverId}`,
        `${serverId} has applied up to ${appliedUpTo}, past ${at}; it is not used`,
      )
    }
    return done({ replayedLsn, appliedUpTo, at })
  },
  async verify(context, { serverId, systemIdentifier }, { replayedLsn }) {
    const [direct, seen] = await Promise.all([
      context.service.postgres(serverId).identify(),
      context.service.agent(serverId).call('observe', {}),
    ])
    expectSystem(serverId, direct.systemIdentifier, systemIdentifier)
    if (!direct.inRecovery) throw new NotVerified(`${serverId} answers as a primary`)
    if (seen.replayPaused !== true || direct.replayedLsn !== replayedLsn) {
      throw new NotVerified(`${serverId} stands at ${direct.replayedLsn}, not at ${replayedLsn} where it was to stop`)
    }
  },
  compensate: {
    how: atDelay.how,
    run: (context, input) => atDelay.run(context, input),
    verify: (context, input) => atDelay.verify(context, input),
  },
  pointOfNoReturn: false,
  skippable: false,
  deadlineMs: 240_000,
  maxAttempts: 5,
  backoffMs: 500,
  describe: ({ serverId, region, at }) => ({
    description: `Restart ${serverId} in ${region} so that it applies everything committed before ${at}, and stops there, read-only.`,
    commands: [
      [
        'psql',
        '-h',
        serverId,
        '-c',
        `ALTER SYSTEM SET recovery_target_time = '${at.replace('T', ' ').replace('Z', '+00')}'`,
      ],
      ['psql', '-h', serverId, '-c', "ALTER SYSTEM SET recovery_target_inclusive = 'off'"],
      ['psql', '-h', serverId, '-c', "ALTER SYSTEM SET recovery_min_apply_delay = '0'"],
      ['pg_ctl', 'restart', '-D', '$PGDATA', '-m', 'fast'],
      ['psql', '-h', serverId, '-c', 'SELECT pg_get_wal_replay_pause_state(), pg_last_xact_replay_timestamp()'],
    ],
    changes: `${serverId} restarts, and stands at ${at}.`,
  }),
})
