import { furthestLsn, lsnDiffBytes } from '@/server/domain/lsn'
import { failoverInputs, frozenLoss } from '@/server/domain/plan/failover-steps'
import { instant } from '@/server/ports/clock'
import { Terminal } from '@/server/ports/errors'
import { expectSystem } from '../identity'
import { defineStep, done, NotVerified } from '../step'

/**
 * Changes nothing: writes down how far the candidate has come, against the last known position of the lost primary. Safe to repeat; nothing to undo.
 * A candidate's own positions say "applied what I got", never "have everything": without a position of the primary the loss is unknown, not zero.
 */
export const freezeLossStatement = defineStep({
  id: 'postgres.freeze-loss-statement',
  title: 'Freeze the loss statement of the candidate',
  input: failoverInputs['postgres.freeze-loss-statement'],
  output: frozenLoss,
  precheck: async () => [],
  async run(context, { serverId, systemIdentifier, timeline, primaryLsn, primaryLsnAt }) {
    const system = `postgres ${serverId}`
    const [seen, agent] = await Promise.all([
      context.service.postgres(serverId).identify(),
      context.service.agent(serverId).call('observe', {}),
    ])
    expectSystem(serverId, seen.systemIdentifier, systemIdentifier)
    if (!seen.inRecovery) throw new Terminal(system, `${serverId} is not a standby: it already accepts writes`)
    if (seen.timeline !== timeline) {
      throw new Terminal(system, `${serverId} is on timeline ${seen.timeline}, the lost primary was on ${timeline}`)
    }
    if (agent.replayPaused !== false) {
      const how = agent.replayPaused === null ? 'cannot be asked whether replay is paused' : 'has paused replay'
      throw new Terminal(system, `${serverId} ${how}: SELECT pg_wal_replay_resume() and make a new plan`)
    }
    const received = furthestLsn(seen.receivedLsn, seen.replayedLsn, agent.receivedLsn, agent.replayedLsn)
    return done({
      candidateReceivedLsn: received,
      candidateReplayedLsn: furthestLsn(seen.replayedLsn, agent.replayedLsn),
      primaryLsn,
      primaryLsnAt,
      bytes: primaryLsn === null || received === null ? null : Math.max(0, lsnDiffBytes(primaryLsn, received)),
      frozenAt: instant(context.clock.now()),
    })
  },
  async verify(context, { serverId, systemIdentifier }, { candidateReceivedLsn }) {
    const agent = await context.service.agent(serverId).call('observe', {})
    if (agent.systemIdentifier !== systemIdentifier || agent.role !== 'standby') {
      throw new NotVerified(`The agent of ${serverId} does not see the standby that was read directly`)
    }
    const now = furthestLsn(agent.receivedLsn, agent.replayedLsn)
    if (candidateReceivedLsn !== null && (now === null || lsnDiffBytes(now, candidateReceivedLsn) < 0)) {
      throw new NotVerified(`${serverId} is behind the position that was written down for it`)
    }
  },
  compensate: { none: 'It only looks' },
  pointOfNoReturn: false,
  skippable: false,
  deadlineMs: 30_000,
  maxAttempts: 3,
  backoffMs: 300,
  describe: ({ serverId, primaryServerId, primaryLsn }) => ({
    description: `Read how far ${serverId} has come and compare it with ${primaryServerId} at ${primaryLsn ?? 'an unknown position'}.`,
    commands: [
      ['psql', '-h', serverId, '-c', 'SELECT pg_is_in_recovery(), pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()'],
    ],
    changes: null,
  }),
})
