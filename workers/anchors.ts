import type { AnchorStore } from '@/server/ports/managed'
import { publishHead } from '@/server/services/anchors/publish-head'
import type { Context } from '@/server/services/context'
import { type Log, type Loop, startLoop } from './loop'

/** How much of the chain's end could be rewritten unnoticed. */
const intervalMs = 10_000

/** One loop a store, so that one that is away holds up no other. Two workers may publish the same head: the store takes it once. */
export function startAnchors(
  ctx: Pick<Context, 'db' | 'clock'>,
  stores: readonly AnchorStore[],
  offsetMs: number,
  log: Log,
): Loop {
  const loops = stores.map((store) =>
    startLoop({
      name: `anchor ${store.name}`,
      intervalMs,
      offsetMs,
      round: async () => {
        const { seq, conflict } = await publishHead(ctx, store)
        if (conflict)
          log.error({ store: store.name, seq }, 'the store holds another head for this number: verify the audit chain')
      },
      clock: ctx.clock,
      log,
    }),
  )
  return {
    stop: async () => {
      await Promise.all(loops.map((loop) => loop.stop()))
    },
  }
}
