import { chown, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { AgentRequest } from '@/server/domain/agent-protocol'
import { failed, refused } from '../agent-error'
import { type Upstream, upstream } from '../config'
import { DataDirectory } from '../data-directory'
import { syncDirectory } from '../durable-file'
import { recordGeneration, refuseStale } from '../generation'
import type { Host } from '../host'
import { runTool } from '../tools'
import { prepareUpstream, upstreamConninfo } from '../upstream'

export function sameUpstream(one: Upstream, other: Upstream): boolean {
  return one.host === other.host && one.port === other.port && one.slot === other.slot
}

/** Copies aside first: until the copy is whole, the old directory stays where it is. */
async function copyAside(host: Host, source: Upstream, deadlineMs: number): Promise<string> {
  const path = `${host.config.postgres.dataDirectory}.incoming`
  await rm(path, { recursive: true, force: true })
  await mkdir(path, { recursive: true, mode: 0o700 })
  if (host.owner) await chown(path, host.owner.uid, host.owner.gid)
  const args = ['-D', path, '-d', await upstreamConninfo(host, source), '-S', source.slot]
  args.push('-X', 'stream', '-c', 'fast', '--no-password')
  const result = await runTool(host.config, host.owner, 'pg_basebackup', args, deadlineMs)
  if (!result.ok) {
    host.log.error({ output: result.stderr.slice(-2_000) }, 'pg_basebackup failed')
    throw failed(
      result.timedOut ? 'the base copy was not done in time' : 'the base copy failed; the agent log says why',
    )
  }
  return path
}

/**
 * Replaces the data directory of a stopped server by a copy of another; the old one is kept beside it, by the time of day.
 * The state changes first: from then on nothing takes the directory for a former primary's.
 */
async function swapIn(host: Host, path: string, source: Upstream, recorded: boolean): Promise<void> {
  const { dataDirectory } = host.config.postgres
  await new DataDirectory(host.config, host.secrets, host.owner, path).placeStandbySignal()
  await host.state.update({ writableTimeline: null, follows: source, firstPrimaryStart: false, replay: null })
  if ((await host.directory.kind()) === 'cluster') {
    const stamp = new Date().toISOString().replace(/[-:.]/g, '')
    await rename(dataDirectory, `${dataDirectory}.kept-${recorded ? '' : unrecorded}${stamp}`)
  }
  await rename(path, dataDirectory)
  await syncDirectory(dirname(dataDirectory))
}

/** In the name of a directory that may hold what nothing else has. */
const unrecorded = 'unrecorded-'

/** Of directories whose rows are recorded elsewhere the newest is enough. One that may be the only copy of anything is never touched here. */
async function pruneKept(host: Host): Promise<void> {
  const { dataDirectory } = host.config.postgres
  const parent = dirname(dataDirectory)
  const prefix = `${basename(dataDirectory)}.kept-`
  const names = await readdir(parent)
  const recorded = names.filter((name) => name.startsWith(prefix) && /^\d/.test(name.slice(prefix.length))).sort()
  for (const name of recorded.slice(0, -1)) {
    await rm(join(parent, name), { recursive: true, force: true })
    host.log.warn({ name }, 'an older data directory was removed; its rows are recorded')
  }
}

/** Base copy into place, not yet started. The server must not run. */
export async function copyFrom(host: Host, source: Upstream, deadlineMs: number, recorded = false): Promise<void> {
  const known = await host.controlFile.read()
  await mkdir(dirname(host.config.postgres.dataDirectory), { recursive: true })
  await host.directory.writePasswordFile()
  await prepareUpstream(host, source, known?.systemIdentifier ?? null)
  await swapIn(host, await copyAside(host, source, deadlineMs), source, recorded)
  await host.state.update({ fence: null, incomplete: null, successor: null })
}

export async function baseCopy(host: Host, request: AgentRequest<'baseCopy'>): Promise<void> {
  refuseStale(host, request.generation)
  const parsed = upstream.safeParse(request)
  if (!parsed.success) throw refused('host or slot name is not one that this agent would hand to PostgreSQL')
  const source = parsed.data
  if ((await host.directory.kind()) === 'foreign')
    throw refused('the data directory holds something that is not PostgreSQL')
  if (await host.mayWrite()) throw refused('this server is not read-only; fence it before it is replaced by a copy')
  await recordGeneration(host, request.generation)
  const { completed } = host.state.current
  if (
    completed?.operation === 'baseCopy' &&
    completed.runId === request.runId &&
    sameUpstream(completed.upstream, source)
  ) {
    if (host.postmaster.pid() === null) await host.startStandby()
    return
  }
  host.desired = 'stopped'
  if (host.postmaster.isRunning) await host.stopFirst(Math.min(request.deadlineMs, 20_000))
  await copyFrom(host, source, request.deadlineMs, request.recorded ?? false)
  await host.state.update({ completed: { operation: 'baseCopy', runId: request.runId, upstream: source } })
  await host.startStandby()
  await pruneKept(host).catch(() => host.log.warn('older data directories are still there'))
  host.log.warn({ runId: request.runId, generation: request.generation }, 'replaced by a base copy')
}
