import type { AgentRequest } from '@/server/domain/agent-protocol'
import { failed, refused } from '../agent-error'
import { type Upstream, upstream } from '../config'
import { recordGeneration, refuseStale } from '../generation'
import type { Host } from '../host'
import { runTool, type ToolResult } from '../tools'
import { prepareUpstream, upstreamConninfo } from '../upstream'
import { sameUpstream } from './base-copy'

/**
 * pg_rewind wants a clean stop, and its own way to get one does not work beside `standby.signal`. A read-only start replays
 * the WAL to its end, and a fast stop then counts as clean.
 */
async function ensureCleanStop(host: Host, deadlineMs: number): Promise<void> {
  const { control } = await host.readControl()
  if (control.state === 'shut down' || control.state === 'shut down in recovery') return
  await host.state.update({ follows: null, replay: null })
  const recovered = await host.startStandby(deadlineMs)
  host.desired = 'stopped'
  if (!recovered) throw failed('crash recovery has not ended in time; nothing was rewound')
  await host.stopFirst(20_000)
}

async function runRewind(host: Host, source: Upstream, deadlineMs: number, dryRun: boolean): Promise<ToolResult> {
  const { dataDirectory } = host.config.postgres
  const server = await upstreamConninfo(host, source, 'postgres')
  const args = [
    '-D',
    dataDirectory,
    '--source-server',
    server,
    '--no-ensure-shutdown',
    ...(dryRun ? ['--dry-run'] : []),
  ]
  const result = await runTool(host.config, host.owner, 'pg_rewind', args, deadlineMs)
  if (!result.ok) host.log.error({ dryRun, output: result.stderr.slice(-2_000) }, 'pg_rewind failed')
  return result
}

/** Slots of the time as a primary: their standbys are elsewhere now, and each would hold WAL for nobody. */
async function dropOldSlots(host: Host): Promise<void> {
  await host.admin
    .query(
      "select pg_drop_replication_slot(slot_name) from pg_replication_slots where not active and slot_type = 'physical'",
    )
    .catch(() => host.log.warn('slots of the former primary are still there'))
}

export async function rewind(host: Host, request: AgentRequest<'rewind'>): Promise<void> {
  refuseStale(host, request.generation)
  const parsed = upstream.safeParse(request)
  if (!parsed.success) throw refused('host or slot name is not one that this agent would hand to PostgreSQL')
  const source = parsed.data
  const { completed, incomplete } = host.state.current
  const done =
    completed?.operation === 'rewind' && completed.runId === request.runId && sameUpstream(completed.upstream, source)
  if (done) {
    await recordGeneration(host, request.generation)
    if (host.postmaster.pid() === null) await host.startStandby()
    return
  }
  if (host.postmaster.isRunning) throw refused('PostgreSQL is running; fence or stop it before it is rewound')
  if (incomplete) throw failed('an earlier rewind was cut off; the data directory needs a fresh base copy')
  const { systemIdentifier } = await host.readControl()
  await recordGeneration(host, request.generation)
  await host.directory.placeStandbySignal()
  await prepareUpstream(host, source, systemIdentifier, true)
  await ensureCleanStop(host, request.deadlineMs)
  await host.directory.writePasswordFile()
  if (!(await runRewind(host, source, request.deadlineMs, true)).ok) {
    throw failed('a trial of the rewind failed; nothing was rewound, a fresh base copy will do')
  }
  await host.state.update({ incomplete: 'rewind', follows: source, writableTimeline: null, replay: null })
  if (!(await runRewind(host, source, request.deadlineMs, false)).ok) {
    throw failed('the rewind failed half-way; the data directory needs a fresh base copy')
  }
  await host.directory.placeStandbySignal()
  await host.state.update({
    incomplete: null,
    fence: null,
    successor: null,
    completed: { operation: 'rewind', runId: request.runId, upstream: source },
  })
  await host.startStandby()
  await dropOldSlots(host)
  host.log.warn({ runId: request.runId, generation: request.generation }, 'rewound')
}
