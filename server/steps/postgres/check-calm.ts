import type { z } from 'zod'
import { compareLsn, lsnDiffBytes } from '@/server/domain/lsn'
import { heartbeatLagSeconds, streamsTo } from '@/server/domain/plan/handover-checks'
import { calmOutput, switchoverInputs } from '@/server/domain/plan/switchover-steps'
import { instant } from '@/server/ports/clock'
import { Terminal } from '@/server/ports/errors'
import { expectSystem } from '../identity'
import { defineStep, done, NotVerified, type StepContext, wait } from '../step'
import { expectRoomFor } from './server-settings'

const id = 'postgres.check-calm'
type Input = z.infer<(typeof switchoverInputs)[typeof id]>

/** Both agents, primary first: what the candidate lacks then is never counted too small. */
async function look(context: StepContext, { serverId, candidateServerId }: Input) {
  const primary = await context.service.agent(serverId).call('observe', {})
  const candidate = await context.service.agent(candidateServerId).call('observe', {})
  for (const [wanted, seen] of [
    [serverId, primary],
    [candidateServerId, candidate],
  ] as const) {
    if (seen.serverId === wanted) continue
    throw new Terminal(`agent ${wanted}`, `The agent of ${wanted} answers for ${seen.serverId}. Nothing was changed`)
  }
  return { primary, candidate }
}

type Look = Awaited<ReturnType<typeof look>>

/** What a wait does not cure. */
function expectRoles({ primary, candidate }: Look, input: Input): void {
  const { serverId, candidateServerId, systemIdentifier, timeline } = input
  const refuse = (who: string, what: string): never => {
    throw new Terminal(`agent ${who}`, `${who} ${what}. Nothing was changed`)
  }
  expectSystem(serverId, primary.systemIdentifier ?? 'unknown', systemIdentifier)
  expectSystem(candidateServerId, candidate.systemIdentifier ?? 'unknown', systemIdentifier)
  if (primary.role !== 'primary') refuse(serverId, `is ${primary.role ?? primary.state}, not the primary`)
  if (primary.timeline !== timeline) refuse(serverId, `is on timeline ${primary.timeline}; the plan knows ${timeline}`)
  if (candidate.role !== 'standby') refuse(candidateServerId, `is ${candidate.role ?? candidate.state}, not a standby`)
  if (candidate.timeline !== timeline) refuse(candidateServerId, `is on timeline ${candidate.timeline}`)
  if (candidate.replayPaused) refuse(candidateServerId, 'has paused replay: SELECT pg_wal_replay_resume()')
  if (candidate.fence && candidate.fence.reason !== 'boot-guard') refuse(candidateServerId, 'is fenced')
}

/**
 * Changes nothing: sees that both sides are there, that the candidate streams and is close behind, and that the settings allow roles to change. Safe to
 * repeat; nothing to undo. The plan was built from observations; this is what is so when it runs.
 */
export const checkCalm = defineStep({
  id,
  title: 'See that all is calm',
  input: switchoverInputs[id],
  output: calmOutput,
  precheck: async () => [],
  async run(context, input) {
    const { serverId, candidateServerId, maxLagBytes, maxLagSeconds } = input
    const seen = await look(context, input)
    const { primary, candidate } = seen
    expectRoles(seen, input)
    if (!streamsTo(primary, candidateServerId) || candidate.receiver?.status !== 'streaming') {
      return wait(500, `${candidateServerId} does not stream from ${serverId}`)
    }
    const lagSeconds = heartbeatLagSeconds(primary, candidate)
    if (primary.currentLsn === null || candidate.replayedLsn === null || lagSeconds === null) {
      return wait(500, `How far ${candidateServerId} is behind is not known yet`)
    }
    const lagBytes = Math.max(0, lsnDiffBytes(primary.currentLsn, candidate.replayedLsn))
    if (lagBytes > maxLagBytes || lagSeconds > maxLagSeconds) {
      return wait(500, `${candidateServerId} is ${lagBytes} bytes and ${lagSeconds.toFixed(1)} s behind ${serverId}`)
    }
    await expectRoomFor(context, { primary: serverId, candidate: candidateServerId })
    return done({
      primaryLsn: primary.currentLsn,
      candidateLsn: candidate.replayedLsn,
      lagBytes,
      lagSeconds,
      seenAt: instant(context.clock.now()),
    })
  },
  async verify(context, { serverId, candidateServerId, systemIdentifier, timeline }, { candidateLsn }) {
    const [primary, candidate] = await Promise.all([
      context.service.postgres(serverId).identify(),
      context.service.postgres(candidateServerId).identify(),
    ])
    expectSystem(serverId, primary.systemIdentifier, systemIdentifier)
    expectSystem(candidateServerId, candidate.systemIdentifier, systemIdentifier)
    if (primary.inRecovery || primary.timeline !== timeline) {
      throw new NotVerified(`${serverId} does not answer a direct connection as the primary on timeline ${timeline}`)
    }
    if (
      !candidate.inRecovery ||
      candidate.replayedLsn === null ||
      compareLsn(candidate.replayedLsn, candidateLsn) < 0
    ) {
      throw new NotVerified(`${candidateServerId} does not answer a direct connection as the standby its agent sees`)
    }
  },
  compensate: { none: 'It only looks' },
  pointOfNoReturn: false,
  skippable: false,
  deadlineMs: 60_000,
  maxAttempts: 3,
  backoffMs: 500,
  describe: ({ serverId, candidateServerId, candidateHost, candidatePort, maxLagBytes }) => ({
    description: `See that ${serverId} and ${candidateServerId} answer their agents and a direct connection, and that ${candidateServerId} streams and is at most ${maxLagBytes} bytes behind.`,
    commands: [
      [
        'psql',
        '-h',
        serverId,
        '-c',
        'SELECT application_name, state, pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) FROM pg_stat_replication',
      ],
      [
        'psql',
        '-h',
        candidateHost,
        '-p',
        String(candidatePort),
        '-c',
        'SELECT pg_is_in_recovery(), pg_get_wal_replay_pause_state()',
      ],
    ],
    changes: null,
  }),
})
