import type { Context } from '@/server/services/context'
import { type Acted, actOnOutage } from '@/server/services/mode/act-on-outage'
import { supersedeDrafts } from '@/server/services/mode/supersede-drafts'
import { type Log, type Loop, messageOf, startLoop } from './loop'
import type { Watcher } from './watch'

type Automatic = Loop & {
  /** Something new was seen of a service whose incident was just confirmed, or that waits to be decided on. */
  look(serviceId: string, confirmed: boolean): void
}

type Options = {
  ctx: Context
  workerId: string
  watcher: Pick<Watcher, 'all' | 'find'>
  /** Leads a run here; the same worker that opened it needs no queue to hear of it. */
  execute(runId: string): Promise<void>
  offsetMs: number
  log: Log
}

/** What a confirmation that was missed costs at most: the worker that confirmed may have died right after. */
const intervalMs = 1_000

/**
 * Does what a service's mode says about its confirmed outage: in the same breath as the confirmation, again with each look while something is still unknown, and each second in case
 * nobody else did. Several workers may: the first one's transaction decides.
 */
export function startAutomatic({ ctx, workerId, watcher, execute, offsetMs, log }: Options): Automatic {
  const busy = new Map<string, Promise<void>>()
  const waiting = new Set<string>()

  const act = async (serviceId: string): Promise<void> => {
    try {
      const acted = await actOnOutage(ctx, serviceId, workerId)
      if (acted.did === 'waits') waiting.add(serviceId)
      else waiting.delete(serviceId)
      if (acted.did === 'started') void execute(acted.runId)
      note(log, serviceId, acted)
    } catch (error) {
      log.warn({ service: serviceId, error: messageOf(error) }, 'could not act on an outage; looking again in a second')
    } finally {
      busy.delete(serviceId)
    }
  }
  const actOnce = (serviceId: string): Promise<void> => {
    const already = busy.get(serviceId)
    if (already) return already
    if (watcher.find(serviceId)?.service.config.mode === 'manual') return Promise.resolve()
    const work = act(serviceId)
    busy.set(serviceId, work)
    return work
  }
  const loop = startLoop({
    name: 'automatic',
    intervalMs,
    offsetMs,
    round: async () => {
      for (const { service } of watcher.all()) {
        await supersedeDrafts(ctx, service.id)
        await actOnce(service.id)
      }
    },
    clock: ctx.clock,
    log,
  })
  return {
    look: (serviceId, confirmed) => {
      if (confirmed || waiting.has(serviceId)) void actOnce(serviceId)
    },
    async stop() {
      await loop.stop()
      await Promise.all(busy.values())
    },
  }
}

function note(log: Log, service: string, acted: Acted): void {
  if (acted.did === 'started') log.info({ service, runId: acted.runId }, 'opened an automatic failover')
  if (acted.did === 'waits') log.info({ service, for: acted.for }, 'waits with the outage until more is known')
  if (acted.did === 'drafted') log.info({ service, runId: acted.runId }, 'drafted a failover')
}
