import type { Context } from '@/server/services/context'
import { dropOldPartitions, makeNextPartitions } from '@/server/services/series/keep-partitions'
import { rollUp } from '@/server/services/series/roll-up'
import { type Loop, type LoopOptions, startLoop } from './loop'

/** Twice a minute: a chart reads what is not rolled up yet from the raw samples, so nothing waits for this. */
const rollUpEveryMs = 30_000
const partitionsEveryMs = 600_000
const retentionEveryMs = 3_600_000

/** Keeps the time series: rolls them up, makes partitions ahead, drops those past their keep. Safe in any number of workers at once. */
export function startSeries(ctx: Pick<Context, 'db' | 'clock'>, offsetMs: number, log: LoopOptions['log']): Loop {
  const every = (name: string, intervalMs: number, round: LoopOptions['round']): Loop =>
    startLoop({ name, intervalMs, offsetMs: offsetMs % intervalMs, round, clock: ctx.clock, log })
  const loops = [
    every('series rollup', rollUpEveryMs, async (signal) => {
      await rollUp(ctx, () => !signal.aborted)
    }),
    every('series partitions', partitionsEveryMs, () => makeNextPartitions(ctx)),
    every('series retention', retentionEveryMs, async () => {
      const dropped = await dropOldPartitions(ctx)
      if (dropped.length > 0) log.info({ dropped }, 'dropped partitions of series')
    }),
  ]
  return {
    stop: async () => {
      await Promise.all(loops.map((loop) => loop.stop()))
    },
  }
}
