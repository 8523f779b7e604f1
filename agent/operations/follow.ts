import { z } from 'zod'
import type { AgentRequest, AgentResult } from '@/server/domain/agent-protocol'
import { failed, refused } from '../agent-error'
import { upstream } from '../config'
import { recordGeneration, refuseStale } from '../generation'
import type { Host } from '../host'
import { pollUntil } from '../poll'
import { prepareUpstream } from '../upstream'

const receiverRows = z.array(z.object({ status: z.string().nullable(), received: z.string().nullable() }))
const receiverSql = `
select (select status from pg_stat_wal_receiver) as status, greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())::text as received`

async function readReceiver(host: Host): Promise<{ status: string | null; received: string | null } | null> {
  try {
    return receiverRows.parse(await host.admin.query(receiverSql))[0] ?? null
  } catch {
    return null
  }
}

/** Applies new settings; a running standby ends its receiver, or starts another, on reload. */
async function apply(host: Host): Promise<void> {
  await host.writeSettings()
  host.postmaster.reload()
}

export async function detach(host: Host, request: AgentRequest<'detach'>): Promise<AgentResult<'detach'>> {
  refuseStale(host, request.generation)
  await host.readControl()
  await recordGeneration(host, request.generation)
  await host.state.update({ follows: null })
  await apply(host)
  if ((await host.inRecovery()) !== true) return { receivedLsn: null }
  const gone = await pollUntil(async () => (await readReceiver(host))?.status === null, 10_000, 20)
  if (!gone) throw failed('the receiver has not ended; the upstream may still see this standby')
  const receiver = await readReceiver(host)
  host.log.warn({ runId: request.runId, receivedLsn: receiver?.received }, 'detached from the upstream')
  return { receivedLsn: receiver?.received ?? null }
}

export async function follow(host: Host, request: AgentRequest<'follow'>): Promise<AgentResult<'follow'>> {
  refuseStale(host, request.generation)
  const target = upstream.safeParse(request)
  if (!target.success) throw refused('host or slot name is not one that this agent would hand to PostgreSQL')
  await host.expectSystem(request.expectSystemIdentifier)
  if (!host.directory.hasStandbySignal || (await host.mayWrite())) {
    throw refused('this server is not read-only; fence it before it follows another')
  }
  const { replay } = host.state.current
  if (replay) throw refused(`replay is held for run ${replay.runId}; end that run first`)
  await prepareUpstream(host, target.data, request.expectSystemIdentifier)
  await recordGeneration(host, request.generation)
  // A follower is a standby like any other: what it was before, and why it was fenced, no longer says anything about it.
  await host.state.update({ follows: target.data, fence: null, writableTimeline: null, successor: null })
  await apply(host)
  if (!host.postmaster.isRunning) return { following: false }
  const following = await pollUntil(async () => (await readReceiver(host))?.status === 'streaming', 5_000, 20)
  return { following }
}
