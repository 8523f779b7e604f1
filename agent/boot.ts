import { dirname } from 'node:path'
import type { Host } from './host'
import { applyFence } from './operations/fence'
import { pollUntil } from './poll'
import { processesIn, programOf, signal } from './processes'

const toolPrograms = new Set(['pg_basebackup', 'pg_rewind', 'initdb', 'pg_waldump'])

/** A tool of a former agent that still writes beside the data directory would spoil what this one begins. */
function endLeftoverTools(host: Host): void {
  for (const found of processesIn(dirname(host.config.postgres.dataDirectory))) {
    if (toolPrograms.has(programOf(found.pid) ?? '')) signal(found.pid, 'SIGKILL')
  }
}

/**
 * The guard at boot. A data directory that could come up writable gets its mark and its signal first and comes up read-only:
 * another server may have become the writer meanwhile. Only the first start of a cluster that was just made is writable.
 */
export async function guardedStart(host: Host): Promise<void> {
  const { state } = host
  if (state.current.incomplete) {
    host.log.error('the data directory is half rewritten and is not started; it needs a fresh base copy')
    return
  }
  if (state.current.firstPrimaryStart) {
    await state.update({ firstPrimaryStart: false, writableTimeline: 1 })
    await host.startPrimary()
    host.sight.awaitFirst()
    return
  }
  if (!host.directory.hasStandbySignal) {
    await state.update({
      fence: state.current.fence ?? host.fenceMark('boot-guard', null),
      follows: null,
      replay: null,
      writableTimeline: await host.ownTimeline(),
    })
    host.log.warn('this server was writable: it starts read-only until it hears that it still is the writer')
  }
  await host.startStandby()
}

/** How long a server that is still starting may take to say whether it is read-only. */
const decideMs = 5_000

/** Takes over a server that outlived its agent, without disturbing it, unless it carries a fence mark and is not read-only. */
async function adopt(host: Host): Promise<void> {
  const { fence } = host.state.current
  if (fence) {
    await pollUntil(async () => (await host.inRecovery()) !== null, decideMs, 50)
    if ((await host.inRecovery()) !== true) {
      const outcome = await applyFence(host, fence, 10_000)
      host.log.error({ how: outcome.how }, 'a fenced server was not read-only: fenced again')
      // A boot guard is no order to stay stopped.
      if (fence.reason === 'boot-guard') await guardedStart(host)
      return
    }
  }
  host.log.info('took over the running server')
}

/** @returns false when there is no data directory yet */
export async function boot(host: Host): Promise<boolean> {
  endLeftoverTools(host)
  const kind = await host.directory.kind()
  if (kind === 'foreign')
    throw new Error('the data directory holds something that is not PostgreSQL; nothing was touched')
  if (kind === 'absent') return false
  if (host.postmaster.pid() !== null) await adopt(host)
  else await guardedStart(host)
  return true
}
