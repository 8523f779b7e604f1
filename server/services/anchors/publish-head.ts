import { z } from 'zod'
import type { AnchorStore } from '@/server/ports/managed'
import type { Context } from '@/server/services/context'

/** What is kept where the control database cannot rewrite it. */
export const anchorBody = z.object({ seq: z.int(), hash: z.string(), anchoredAt: z.iso.datetime() })
export type AnchorBody = z.infer<typeof anchorBody>

/** Sixteen digits sort as text like the numbers themselves, up to the largest exact integer. */
const seqDigits = 16
const prefix = 'audit/global/'

/** `audit/global/0000000000000042.json`: the chain is one for all services. */
export function anchorKey(seq: number): string {
  return `${prefix}${String(seq).padStart(seqDigits, '0')}.json`
}

export type Published = { seq: number; anchored: boolean; conflict: boolean }

/**
 * Puts the head of the audit chain into a store, once, and notes that it is there. Nothing happens while the head has not moved.
 * `conflict`: the store already holds another hash for this number; the chain was rewritten, here or there, and verification will say so.
 * @throws whatever the store throws: the next round tries again
 */
export async function publishHead(ctx: Pick<Context, 'db' | 'clock'>, store: AnchorStore): Promise<Published> {
  const head = await ctx.db.auditHead.findUnique({ where: { id: 1 } })
  const seq = Number(head?.seq ?? 0)
  if (!head || seq === 0) return { seq, anchored: false, conflict: false }
  const known = await ctx.db.auditAnchor.count({ where: { store: store.name, seq } })
  if (known > 0) return { seq, anchored: false, conflict: false }
  const body: AnchorBody = { seq, hash: head.hash, anchoredAt: new Date(ctx.clock.now()).toISOString() }
  const written = await store.putOnce(anchorKey(seq), JSON.stringify(body))
  if (!written) {
    const there = await readAnchor(store, seq)
    if (!there || there.hash !== head.hash) return { seq, anchored: false, conflict: true }
  }
  await ctx.db.auditAnchor.createMany({
    data: [{ store: store.name, seq, hash: head.hash, anchoredAt: new Date(body.anchoredAt) }],
    skipDuplicates: true,
  })
  return { seq, anchored: true, conflict: false }
}

/** What a store holds for a number; null when nothing, or nothing that can be read. */
export async function readAnchor(store: AnchorStore, seq: number): Promise<AnchorBody | null> {
  const text = await store.get(anchorKey(seq))
  if (text === null) return null
  try {
    const parsed = anchorBody.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

/** The newest heads that a store holds, oldest first: what the chain is compared with. */
export async function readAnchors(store: AnchorStore, newest: number): Promise<AnchorBody[]> {
  const keys = (await store.list(prefix)).sort().slice(-newest)
  const bodies = await Promise.all(
    keys.map((key) => readAnchor(store, Number(key.slice(key.lastIndexOf('/') + 1).replace('.json', '')))),
  )
  return bodies.filter((each): each is AnchorBody => each !== null)
}
