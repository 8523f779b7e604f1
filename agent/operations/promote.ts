import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { AgentRequest, AgentResult } from '@/server/domain/agent-protocol'
import { failed, refused } from '../agent-error'
import { isMissing } from '../durable-file'
import { recordGeneration, refuseStale } from '../generation'
import type { Host } from '../host'
import { monotonicMs, pollUntil } from '../poll'
import { withSession } from '../session'
import { historyFileName, parseFork } from '../wal-position'
import { expectPromotable } from './replay'

const standbyRows = z.tuple([z.object({ recovering: z.boolean() })])
const timelineRows = z.tuple([z.object({ timeline: z.int() })])

async function readStandby(host: Host) {
  try {
    return standbyRows.parse(await host.admin.query('select pg_is_in_recovery() as recovering'))[0]
  } catch {
    throw refused('PostgreSQL does not answer; nothing was promoted')
  }
}

/** Where the timeline that this primary writes on began; null when it was never promoted. */
async function readFork(host: Host): Promise<{ timeline: number; forkLsn: string } | null> {
  const rows = await host.admin.query(
    "select ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int as timeline",
  )
  const { timeline } = timelineRows.parse(rows)[0]
  try {
    const path = join(host.config.postgres.dataDirectory, 'pg_wal', historyFileName(timeline))
    const fork = parseFork(await readFile(path, 'utf8'))
    return fork && { timeline, forkLsn: fork.forkLsn }
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

/**
 * A rewind reads the source's control file, which names the new timeline only after a checkpoint. In the background: the service
 * must not wait for it.
 */
function checkpointInBackground(host: Host): void {
  withSession(host.superuser('postgres'), 600_000, (client) => client.query('checkpoint')).then(
    () => host.log.info('checkpoint after promotion done'),
    () => host.log.warn('checkpoint after promotion failed; the next timed one will do'),
  )
}

/** Records what the server has become. Repeated when a former try was cut off between the promotion and this. */
async function settle(host: Host, timeline: number): Promise<void> {
  const { fence, follows, writableTimeline, successor, replay } = host.state.current
  const settled = fence === null && follows === null && successor === null && replay === null
  if (settled && writableTimeline === timeline) return
  const nothing = { fence: null, follows: null, successor: null, completed: null, replay: null }
  await host.state.update({ ...nothing, writableTimeline: timeline })
  await host.directory.writeSettings(null)
}

export async function promote(host: Host, request: AgentRequest<'promote'>): Promise<AgentResult<'promote'>> {
  const end = monotonicMs() + request.deadlineMs
  refuseStale(host, request.generation)
  await host.expectSystem(request.expectSystemIdentifier)
  const standby = await readStandby(host)
  if (!standby.recovering) {
    const fork = await readFork(host)
    if (!fork) throw refused('this server is a primary that was never promoted')
    await recordGeneration(host, request.generation)
    await settle(host, fork.timeline)
    return { ...fork, already: true }
  }
  await expectPromotable(host)
  // The mark goes first: a server that is writable and marked would be fenced by the next agent to start.
  await host.state.update({ newestGeneration: request.generation, fence: null })
  host.sight.begin(monotonicMs())
  await host.admin.query('select pg_promote(false)')
  const writable = await pollUntil(async () => (await host.inRecovery()) === false, end - monotonicMs(), 5)
  if (!writable) throw failed('the server was told to promote and is still recovering; observe it')
  const fork = await readFork(host)
  if (!fork) throw failed('the server is writable but its timeline history cannot be read; observe it')
  await settle(host, fork.timeline)
  host.desired = 'running'
  checkpointInBackground(host)
  host.log.warn({ runId: request.runId, generation: request.generation, ...fork }, 'promoted')
  return { ...fork, already: false }
}
