import { makePartitions, moveSeal, readProgress } from '@/server/db/repositories/series'
import {
  firstSampleAt,
  rollAgain,
  rollHours,
  rollMinutes,
  takeLate,
  tryRollupLock,
} from '@/server/db/repositories/series-rollup'
import { type Tx, withTransaction } from '@/server/db/tx'
import { tiers } from '@/server/domain/series/tiers'
import type { Context } from '@/server/services/context'

const minuteMs = 60_000
const hourMs = 3_600_000
/** Samples of a minute are on their way for this long after it; those that come later are late, which costs more but loses nothing. */
const graceMs = 20_000
/** Small enough for a transaction of seconds with ten thousand series. */
const minutesAtOnce = 2
const lateAtOnce = 5_000

type SeriesContext = Pick<Context, 'db' | 'clock'>

/**
 * Rolls up what is complete and not rolled up yet, and again what samples came late to. Any number of workers may do so at once: each piece is one transaction
 * under one lock, and whoever finds it held leaves the work to its holder. A piece that is cut short is done from its beginning by the next round.
 * @param mayGoOn asked between pieces, so that a worker that stops does not have to wait
 * @returns how many pieces were done
 */
export async function rollUp(ctx: SeriesContext, mayGoOn: () => boolean = () => true): Promise<number> {
  const until = new Date(Math.floor((ctx.clock.now() - graceMs) / minuteMs) * minuteMs)
  await withTransaction(ctx.db, (tx) => moveSeal(tx, until))
  let pieces = 0
  while (mayGoOn() && (await rollPiece(ctx))) pieces += 1
  return pieces
}

/** @returns whether there may be more to do */
async function rollPiece(ctx: SeriesContext): Promise<boolean> {
  const progress = await readProgress(ctx.db)
  await prepare(ctx, progress)
  return withTransaction(ctx.db, async (tx) => {
    if (!(await tryRollupLock(tx))) return false
    // Read again under the lock: another worker may have gone on since.
    const { sealedUntil, minutesUntil, hoursUntil } = await readProgress(tx)
    if (minutesUntil.getTime() !== progress.minutesUntil.getTime()) return true
    if (minutesUntil < sealedUntil) {
      const from = await firstToRoll(tx, minutesUntil, sealedUntil)
      const to = new Date(Math.min(sealedUntil.getTime(), from.getTime() + minutesAtOnce * minuteMs))
      await rollMinutes(tx, { from, to })
      return true
    }
    const nextHour = new Date(hoursUntil.getTime() + hourMs)
    if (nextHour <= minutesUntil) {
      await rollHours(tx, { from: hoursUntil, to: nextHour })
      return true
    }
    const late = await takeLate(tx, minutesUntil, lateAtOnce)
    if (late.length > 0) await rollAgain(tx, late, hoursUntil)
    return late.length > 0
  })
}

/** Where workers were away for long there is nothing to roll up: then from the first minute that has a sample. */
async function firstToRoll(tx: Tx, from: Date, to: Date): Promise<Date> {
  if (to.getTime() - from.getTime() < hourMs) return from
  const first = await firstSampleAt(tx, from)
  const firstMs = first ? Math.floor(first.getTime() / minuteMs) * minuteMs : to.getTime()
  return new Date(Math.min(firstMs, to.getTime()))
}

/** Makes the partitions that the next piece writes to, and those that late samples' rollups may fall into: back as far as raw samples are kept. */
async function prepare(ctx: SeriesContext, progress: { minutesUntil: Date; hoursUntil: Date }): Promise<void> {
  const nowMs = ctx.clock.now()
  const behindMs = Math.min(progress.minutesUntil.getTime(), progress.hoursUntil.getTime(), nowMs - tiers.raw.keepMs)
  const days: string[] = []
  for (let at = Math.max(behindMs, nowMs - tiers['1m'].keepMs); at < nowMs + 24 * hourMs; at += 24 * hourMs)
    days.push(new Date(at).toISOString())
  await makePartitions(ctx.db, 'minute', days)
  await makePartitions(ctx.db, 'hour', days)
}
