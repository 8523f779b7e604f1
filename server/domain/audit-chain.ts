import { createHash } from 'node:crypto'
import { canonicalJson, type Json } from './json'

/** One entry of the audit trail as it is hashed, exported and verified. `at` is ISO 8601 in UTC with milliseconds. */
export type ChainEntry = {
  seq: number
  at: string
  actor: Json
  action: string
  subject: string
  serviceId: string | null
  runId: string | null
  outcome: string
  data: Json
  prevHash: string
  hash: string
}

/** A head that was published outside the control database: what the chain must still contain. */
export type Anchor = { store: string; seq: number; hash: string; anchoredAt: string }

/** What the first entry follows: no entry has it. */
export const genesisHash = '0'.repeat(64)

/** SHA-256 over the canonical JSON of everything but the hash itself. */
export function entryHash(entry: Omit<ChainEntry, 'hash'>): string {
  const { seq, at, actor, action, subject, serviceId, runId, outcome, data, prevHash } = entry
  const text = canonicalJson({ seq, at, actor, action, subject, serviceId, runId, outcome, data, prevHash })
  return createHash('sha256').update(text).digest('hex')
}

export type ChainVerdict = {
  ok: boolean
  entries: number
  head: { seq: number; hash: string } | null
  brokenAt: number | null
  reason: string | null
  anchors: (Anchor & { matches: boolean })[]
}

/**
 * Walks the chain from its first entry. Edited, deleted, inserted, reordered or forked entries break a link or a hash; a cut tail and a chain that was
 * rewritten whole fit themselves and are found by the anchors alone, so a verdict without anchors says less.
 */
export async function verifyChain(
  entries: AsyncIterable<ChainEntry> | Iterable<ChainEntry>,
  anchors: readonly Anchor[] = [],
  expectedHead: { seq: number; hash: string } | null = null,
): Promise<ChainVerdict> {
  const wanted = new Map(anchors.map((anchor) => [anchor.seq, '']))
  let count = 0
  let head: ChainVerdict['head'] = null
  const broken = (brokenAt: number, reason: string): ChainVerdict => ({
    ok: false,
    entries: count,
    head,
    brokenAt,
    reason,
    anchors: anchors.map((anchor) => ({ ...anchor, matches: wanted.get(anchor.seq) === anchor.hash })),
  })
  for await (const entry of entries) {
    count += 1
    const seq: number = (head?.seq ?? 0) + 1
    if (entry.seq !== seq) return broken(seq, `Entry ${seq} is missing; entry ${entry.seq} stands in its place.`)
    if (entry.prevHash !== (head?.hash ?? genesisHash))
      return broken(seq, `Entry ${seq} does not follow the entry before it.`)
    if (entryHash(entry) !== entry.hash) return broken(seq, `Entry ${seq} was changed after it was written.`)
    head = { seq, hash: entry.hash }
    if (wanted.has(seq)) wanted.set(seq, entry.hash)
  }
  const last = head?.seq ?? 0
  if (expectedHead && (expectedHead.seq !== last || (last > 0 && expectedHead.hash !== head?.hash))) {
    return broken(last + 1, `The chain ends at entry ${last}, but its head says ${expectedHead.seq}.`)
  }
  const contradicted = [...anchors]
    .sort((a, b) => a.seq - b.seq)
    .find((anchor) => wanted.get(anchor.seq) !== anchor.hash)
  if (contradicted) {
    const what = contradicted.seq > last ? 'is missing, though it was published' : 'is not what was published'
    return broken(
      contradicted.seq,
      `Entry ${contradicted.seq} ${what} in ${contradicted.store} at ${contradicted.anchoredAt}.`,
    )
  }
  return {
    ok: true,
    entries: count,
    head,
    brokenAt: null,
    reason: null,
    anchors: anchors.map((anchor) => ({ ...anchor, matches: true })),
  }
}
