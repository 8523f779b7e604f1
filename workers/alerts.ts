import { evaluateAlerts } from '@/server/services/alerts/evaluate'
import type { Context } from '@/server/services/context'
import { deleteOldReadiness, evaluateReadiness } from '@/server/services/readiness/evaluate'
import { type Log, type Loop, messageOf, startLoop } from './loop'
import type { Watcher } from './watch'

/** A limit that is passed is an alert within two of these after its held-for. */
const alertsEveryMs = 5_000
/** Readiness is judged anew at least this often; most of what it rests on is looked at each second, and shown when asked. */
const readinessEveryMs = 30_000
const tidyEveryMs = 3_600_000

type Options = { ctx: Context; watcher: Pick<Watcher, 'all'>; offsetMs: number; log: Log }

/** Judges every watched service. Each worker tries; the control database lets one at a time in for a service, and the others leave it. */
export function startAlerts({ ctx, watcher, offsetMs, log }: Options): Loop {
  const forEach = async (what: string, work: (serviceId: string) => Promise<unknown>): Promise<void> => {
    for (const { service } of watcher.all()) {
      try {
        await work(service.id)
      } catch (error) {
        // One service whose facts cannot be judged must not silence the others.
        log.warn({ service: service.id, error: messageOf(error) }, `${what} could not be judged; trying again`)
      }
    }
  }
  const loop = (name: string, intervalMs: number, round: () => Promise<unknown>): Loop =>
    startLoop({
      name,
      intervalMs,
      offsetMs: offsetMs % intervalMs,
      round: async () => void (await round()),
      clock: ctx.clock,
      log,
    })
  const loops = [
    loop('alerts', alertsEveryMs, () => forEach('alerts', (id) => evaluateAlerts(ctx, id))),
    loop('readiness', readinessEveryMs, () => forEach('readiness', (id) => evaluateReadiness(ctx, id))),
    loop('old readiness', tidyEveryMs, () => deleteOldReadiness(ctx)),
  ]
  return { stop: async () => void (await Promise.all(loops.map((each) => each.stop()))) }
}
