import { z } from 'zod'
import type { AgentRequest, AgentResult } from '@/server/domain/agent-protocol'
import { refused } from '../agent-error'
import { postgresTime } from '../data-directory'
import { recordGeneration, refuseStale } from '../generation'
import type { Host } from '../host'
import { monotonicMs, pollUntil } from '../poll'
import { withSession } from '../session'

const replayRows = z.tuple([
  z.object({
    recovering: z.boolean(),
    pause: z.string().nullable(),
    replayedLsn: z.string().nullable(),
    lastXactAt: z.string().nullable(),
    target: z.string(),
  }),
])
type Replay = z.infer<typeof replayRows>[0]

const replaySql = `
select pg_is_in_recovery() as recovering,
  case when pg_is_in_recovery() then pg_get_wal_replay_pause_state() end as pause,
  case when pg_is_in_recovery() then pg_last_wal_replay_lsn()::text end as "replayedLsn",
  to_char(pg_last_xact_replay_timestamp() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "lastXactAt",
  coalesce(current_setting('recovery_target_time'), '') as target`

const beatRows = z.tuple([z.object({ at: z.string().nullable() })])
const beatSql = `select to_char(max(at) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at from lifeboat.heartbeat`

async function readReplay(host: Host): Promise<Replay> {
  try {
    return replayRows.parse(await host.admin.query(replaySql))[0]
  } catch {
    throw refused('PostgreSQL does not answer; nothing was changed')
  }
}

async function expectStandby(host: Host): Promise<Replay> {
  const seen = await readReplay(host)
  if (!seen.recovering) throw refused('this server is a primary; only a standby replays')
  return seen
}

/** Up to when it has applied. The time of the last transaction is forgotten at a restart, the heartbeat row is not. */
async function appliedUpTo(host: Host, seen: Replay): Promise<string | null> {
  const beat = await withSession(host.monitor('lifeboat-replay'), 1_000, async (client) => {
    return beatRows.parse((await client.query(beatSql)).rows)[0].at
  }).catch(() => null)
  const times = [seen.lastXactAt, beat].filter((at) => at !== null)
  return times.sort((a, b) => Date.parse(a) - Date.parse(b)).at(-1) ?? null
}

async function apply(host: Host): Promise<void> {
  await host.writeSettings()
  host.postmaster.reload()
}

/**
 * Applies nothing more from now on, and goes on receiving. Reversible. The pause works at once; the endless delay beside it is on disk, so that
 * a restart does not go on applying either.
 */
export async function holdReplay(host: Host, request: AgentRequest<'holdReplay'>): Promise<AgentResult<'holdReplay'>> {
  refuseStale(host, request.generation)
  await host.expectSystem(request.expectSystemIdentifier)
  await expectStandby(host)
  const { replay } = host.state.current
  if (replay && replay.runId !== request.runId) throw refused(`replay is held for run ${replay.runId} already`)
  await recordGeneration(host, request.generation)
  if (replay?.mode !== 'target') {
    await host.state.update({ replay: { mode: 'held', runId: request.runId, targetTime: null } })
    await apply(host)
    await host.admin.query('select pg_wal_replay_pause()')
    host.log.warn({ runId: request.runId }, 'replay is held')
  }
  const seen = await expectStandby(host)
  return {
    held: seen.pause !== 'not paused',
    replayedLsn: seen.replayedLsn,
    appliedUpTo: await appliedUpTo(host, seen),
  }
}

function isReached(seen: Replay, targetTime: string): boolean {
  return seen.recovering && seen.pause === 'paused' && seen.target === postgresTime(targetTime)
}

/**
 * Applies what was committed before the moment, nothing of what came later, and stops there, still read-only. The target is a start-time
 * setting, so the server is restarted. Asked again it goes on where it was.
 */
export async function rollForward(
  host: Host,
  request: AgentRequest<'rollForward'>,
): Promise<AgentResult<'rollForward'>> {
  const end = monotonicMs() + request.deadlineMs
  const { targetTime, runId } = request
  refuseStale(host, request.generation)
  await host.expectSystem(request.expectSystemIdentifier)
  const { replay } = host.state.current
  if (replay && replay.runId !== runId) throw refused(`replay is held for run ${replay.runId} already`)
  const underway = replay?.mode === 'target' && replay.targetTime === targetTime
  if (!underway) await expectNotPast(host, targetTime)
  if (!host.directory.hasStandbySignal) throw refused('this server is not marked as a standby; nothing was changed')
  await recordGeneration(host, request.generation)
  await host.state.update({ replay: { mode: 'target', runId, targetTime } })
  await restartFor(host, targetTime)
  const reached = await pollUntil(async () => isReached(await readReplay(host), targetTime), end - monotonicMs(), 50)
  const seen = await expectStandby(host)
  host.log.warn({ runId, targetTime, reached, replayedLsn: seen.replayedLsn }, 'rolled forward')
  return { reached, replayedLsn: seen.replayedLsn, appliedUpTo: await appliedUpTo(host, seen) }
}

async function expectNotPast(host: Host, targetTime: string): Promise<void> {
  const applied = await appliedUpTo(host, await expectStandby(host))
  if (applied !== null && Date.parse(applied) >= Date.parse(targetTime)) {
    throw refused(`this server has already applied up to ${applied}, which is past ${targetTime}; nothing was changed`)
  }
}

/** Restarts unless the server that runs has this very target. */
async function restartFor(host: Host, targetTime: string | null): Promise<void> {
  if (host.postmaster.pid() !== null) {
    const { target } = await readReplay(host)
    if (target === (targetTime === null ? '' : postgresTime(targetTime))) return
    await host.stopFirst(20_000)
  }
  await host.startStandby()
}

/** Back to following its upstream at its usual delay. Refused once it was promoted. */
export async function resumeReplay(
  host: Host,
  request: AgentRequest<'resumeReplay'>,
): Promise<AgentResult<'resumeReplay'>> {
  refuseStale(host, request.generation)
  await host.expectSystem(request.expectSystemIdentifier)
  const { replay } = host.state.current
  if (host.postmaster.pid() !== null) await expectStandby(host)
  if (replay && replay.runId !== request.runId)
    throw refused(`replay is held for run ${replay.runId}, not for this one`)
  await recordGeneration(host, request.generation)
  await host.state.update({ replay: null })
  await restartFor(host, null)
  await apply(host)
  const seen = await expectStandby(host)
  if (seen.pause !== 'not paused') await host.admin.query('select pg_wal_replay_resume()')
  host.log.warn({ runId: request.runId }, 'replay goes on')
  return { resumed: (await expectStandby(host)).pause === 'not paused' }
}

/**
 * Whether a standby may be promoted as it is. Paused at the moment it was rolled forward to: yes, that is what it waits for. Paused otherwise, or held:
 * no, because a promotion first applies everything that was received, the very thing that was to be kept out.
 */
export async function expectPromotable(host: Host): Promise<void> {
  const seen = await expectStandby(host)
  const { replay } = host.state.current
  if (replay === null && seen.pause === 'not paused' && seen.target === '') return
  if (replay?.mode === 'target' && replay.targetTime !== null && isReached(seen, replay.targetTime)) return
  if (replay === null) throw refused('replay is paused on this server; resume it first')
  const where = replay.mode === 'held' ? 'held' : `on its way to ${replay.targetTime}`
  throw refused(`replay is ${where} for run ${replay.runId}; a promotion now would apply everything received`)
}
