import type { z } from 'zod'
import { compareLsn, lsnDiffBytes } from '@/server/domain/lsn'
import { heartbeatLagSeconds } from '@/server/domain/plan/handover-checks'
import { catchUpOutput, rejoinInputs } from '@/server/domain/plan/rejoin-steps'
import { instant } from '@/server/ports/clock'
import { Terminal } from '@/server/ports/errors'
import { expectSystem } from '../identity'
import { defineStep, done, NotVerified, type StepContext, wait } from '../step'

const id = 'postgres.await-catch-up'
type Input = z.infer<(typeof rejoinInputs)[typeof id]>

type Lag = { primaryLsn: string; replayedLsn: string; bytes: number; seconds: number }

/** Primary first, standby afterwards. A string says in words why the lag cannot be known yet. */
async function readLag(context: StepContext, input: Input): Promise<Lag | string> {
  const { serverId, primaryServerId, systemIdentifier } = input
  const [primary, primarySeen] = await Promise.all([
    context.service.postgres(primaryServerId).identify(),
    context.service.agent(primaryServerId).call('observe', {}),
  ])
  expectSystem(primaryServerId, primary.systemIdentifier, systemIdentifier)
  if (primary.inRecovery || primary.currentLsn === null) {
    throw new Terminal(`postgres ${primaryServerId}`, `${primaryServerId} is not a primary; nothing was waited for`)
  }
  const [standby, standbySeen] = await Promise.all([
    context.service.postgres(serverId).identify(),
    context.service.agent(serverId).call('observe', {}),
  ])
  expectSystem(serverId, standby.systemIdentifier, systemIdentifier)
  if (!standby.inRecovery) throw new Terminal(`postgres ${serverId}`, `${serverId} is not a standby`)
  if (standbySeen.receiver?.status !== 'streaming') return `${serverId} does not receive from ${primaryServerId}`
  if (standby.replayedLsn === null) return `${serverId} has replayed nothing yet`
  const seconds = heartbeatLagSeconds(primarySeen, standbySeen)
  if (seconds === null) return `${serverId} has replayed no heartbeat of ${primaryServerId} yet`
  const bytes = Math.max(0, lsnDiffBytes(primary.currentLsn, standby.replayedLsn))
  return { primaryLsn: primary.currentLsn, replayedLsn: standby.replayedLsn, bytes, seconds }
}

/** Changes nothing: waits until the standby has what the primary has, but for a limit. Safe to repeat; nothing to undo. */
export const awaitCatchUp = defineStep({
  id,
  title: 'Wait until the standby has caught up',
  input: rejoinInputs[id],
  output: catchUpOutput,
  precheck: async () => [],
  async run(context, input) {
    const { serverId, primaryServerId, maxLagSeconds, maxLagBytes } = input
    const lag = await readLag(context, input)
    if (typeof lag === 'string') return wait(300, lag)
    const within = lag.seconds <= maxLagSeconds && (maxLagBytes === null || lag.bytes <= maxLagBytes)
    if (!within) {
      return wait(300, `${serverId} is ${lag.bytes} bytes and ${lag.seconds.toFixed(1)} s behind ${primaryServerId}`)
    }
    return done({
      serverId,
      primaryServerId,
      primaryLsn: lag.primaryLsn,
      replayedLsn: lag.replayedLsn,
      lagBytes: lag.bytes,
      lagSeconds: lag.seconds,
      caughtUpAt: instant(context.clock.now()),
    })
  },
  /** A standby tells what it has flushed at once, what it has replayed once a second at most: so the former is asked for. */
  async verify(context, { serverId, primaryServerId }, { replayedLsn }) {
    const primary = await context.service.agent(primaryServerId).call('observe', {})
    const row = primary.replication.find((each) => each.applicationName === serverId && each.state === 'streaming')
    if (!row) throw new NotVerified(`${primaryServerId} does not see ${serverId} streaming`)
    if (row.flushedLsn === null || compareLsn(row.flushedLsn, replayedLsn) < 0) {
      throw new NotVerified(`${primaryServerId} knows ${serverId} at ${row.flushedLsn}, short of ${replayedLsn}`)
    }
  },
  compensate: { none: 'It only looks' },
  pointOfNoReturn: false,
  skippable: true,
  deadlineMs: 600_000,
  maxAttempts: 30,
  backoffMs: 500,
  describe: ({ serverId, primaryServerId, maxLagSeconds }) => ({
    description: `Wait until ${serverId} is at most ${maxLagSeconds} s behind ${primaryServerId}, by the heartbeat that it has replayed.`,
    commands: [
      [
        'psql',
        '-h',
        primaryServerId,
        '-c',
        'SELECT application_name, state, pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) FROM pg_stat_replication',
      ],
      ['psql', '-h', serverId, '-c', 'SELECT server_id, at FROM lifeboat.heartbeat ORDER BY lsn DESC LIMIT 1'],
    ],
    changes: null,
  }),
})
