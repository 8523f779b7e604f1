import { addSeries, holdSeal, insertSamples, makePartitions } from '@/server/db/repositories/series'
import { withTransaction } from '@/server/db/tx'
import type { Sample } from '@/server/domain/series/catalogue'
import { tiers } from '@/server/domain/series/tiers'
import type { Context } from '@/server/services/context'

/** An hour less than raw samples are kept: a partition must not be dropped under a batch that is being written. */
const oldestMs = tiers.raw.keepMs - 3_600_000
/** A clock that is further ahead than this is wrong, and its samples would lie in a future that no page shows. */
const furthestAheadMs = 600_000

/**
 * Keeps samples, each once: one of a series and an instant that are there already changes nothing. Samples may come in any order and hours late; their rollups
 * are made again. All or nothing.
 * @returns how many were new, and how many were refused because they are older than raw samples are kept, more than ten minutes in the future, or no number
 */
export async function recordSamples(
  ctx: Pick<Context, 'db' | 'clock'>,
  samples: readonly Sample[],
): Promise<{ written: number; refused: number }> {
  const nowMs = ctx.clock.now()
  const fit = samples.flatMap((each) => {
    const atMs = Date.parse(each.at)
    const ageMs = nowMs - atMs
    const fits = Number.isFinite(each.value) && ageMs <= oldestMs && ageMs >= -furthestAheadMs
    return fits ? [{ ...each, at: new Date(atMs).toISOString() }] : []
  })
  const refused = samples.length - fit.length
  if (fit.length === 0) return { written: 0, refused }
  await addSeries(ctx.db, fit)
  await makePartitions(ctx.db, 'raw', [...new Set(fit.map((each) => each.at.slice(0, 10)))].map(middayOf))
  const written = await withTransaction(ctx.db, async (tx) => {
    await holdSeal(tx)
    return insertSamples(tx, fit)
  })
  return { written, refused }
}

const middayOf = (day: string): string => `${day}T12:00:00Z`
