import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Anchor, type ChainEntry, entryHash, genesisHash, verifyChain } from './audit-chain'
import type { Json } from './json'

type Content = Omit<ChainEntry, 'seq' | 'prevHash' | 'hash'>

const content = (action: string, data: Json = {}): Content => ({
  at: '2027-01-01T00:00:00.000Z',
  actor: { type: 'system', id: 'test' },
  action,
  subject: 'service/shortener',
  serviceId: 'shortener',
  runId: null,
  outcome: 'ok',
  data,
})

function chainOf(contents: readonly Content[]): ChainEntry[] {
  let prevHash = genesisHash
  return contents.map((each, index) => {
    const unhashed = { ...each, seq: index + 1, prevHash }
    const entry = { ...unhashed, hash: entryHash(unhashed) }
    prevHash = entry.hash
    return entry
  })
}

const headOf = (entries: readonly ChainEntry[]) => {
  const last = entries[entries.length - 1]
  return { seq: last?.seq ?? 0, hash: last?.hash ?? genesisHash }
}
const anchorAt = (entries: readonly ChainEntry[], seq: number): Anchor => ({
  store: 'store-west',
  seq,
  hash: entries[seq - 1]?.hash ?? '',
  anchoredAt: '2027-01-01T00:01:00.000Z',
})

const contents = fc.array(
  fc.record({ action: fc.string(), data: fc.jsonValue() }).map(({ action, data }) => content(action, data as Json)),
  { minLength: 3, maxLength: 12 },
)
/** A chain and one place in it that has a neighbour on both sides. */
const place = contents.chain((made) =>
  fc.tuple(fc.constant(chainOf(made)), fc.integer({ min: 1, max: made.length - 2 })),
)

describe('verifyChain', () => {
  it('accepts what was written, whatever it holds', async () => {
    await fc.assert(
      fc.asyncProperty(contents, async (made) => {
        const chain = chainOf(made)
        const verdict = await verifyChain(chain, [anchorAt(chain, 2)], headOf(chain))
        expect(verdict).toMatchObject({ ok: true, entries: made.length, brokenAt: null, head: headOf(chain) })
        expect(verdict.anchors.every((each) => each.matches)).toBe(true)
      }),
    )
  })

  it('accepts an empty chain and its head', async () => {
    expect((await verifyChain([], [], { seq: 0, hash: genesisHash })).ok).toBe(true)
  })

  const finds = (
    title: string,
    tamper: (chain: ChainEntry[], at: number) => ChainEntry[],
    brokenAt: (at: number) => number,
  ) =>
    it(`finds ${title}`, async () => {
      await fc.assert(
        fc.asyncProperty(place, async ([chain, at]) => {
          const verdict = await verifyChain(tamper(structuredClone(chain), at))
          expect(verdict.ok).toBe(false)
          expect(verdict.brokenAt).toBe(brokenAt(at))
          expect(verdict.reason).not.toBeNull()
        }),
      )
    })

  finds(
    'an edited entry',
    (chain, at) => chain.map((each, index) => (index === at ? { ...each, action: `${each.action}x` } : each)),
    (at) => at + 1,
  )
  finds(
    'an edited entry whose hash was made anew: the next one does not follow it',
    (chain, at) =>
      chain.map((each, index) => {
        if (index !== at) return each
        const edited = { ...each, outcome: 'deny' }
        return { ...edited, hash: entryHash(edited) }
      }),
    (at) => at + 2,
  )
  finds(
    'a deleted entry',
    (chain, at) => chain.filter((_, index) => index !== at),
    (at) => at + 1,
  )
  finds(
    'an inserted entry',
    (chain, at) => {
      const before = chain[at - 1]
      const forged = { ...content('forged'), seq: at + 1, prevHash: before?.hash ?? genesisHash }
      return [...chain.slice(0, at), { ...forged, hash: entryHash(forged) }, ...chain.slice(at)]
    },
    (at) => at + 2,
  )
  finds(
    'entries that changed places',
    (chain, at) => chain.map((each, index) => chain[index === at ? at + 1 : index === at + 1 ? at : index] ?? each),
    (at) => at + 1,
  )
  finds(
    'a fork: two entries of one number',
    (chain, at) => {
      const forged = { ...content('fork'), seq: at + 1, prevHash: chain[at - 1]?.hash ?? genesisHash }
      return [...chain.slice(0, at + 1), { ...forged, hash: entryHash(forged) }, ...chain.slice(at + 1)]
    },
    (at) => at + 2,
  )

  it('finds a cut tail by its head and by an anchor, and by nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(place, async ([chain, at]) => {
        const cut = chain.slice(0, at)
        expect((await verifyChain(cut)).ok).toBe(true)
        expect(await verifyChain(cut, [], headOf(chain))).toMatchObject({ ok: false, brokenAt: at + 1 })
        const verdict = await verifyChain(cut, [anchorAt(chain, chain.length)])
        expect(verdict).toMatchObject({ ok: false, brokenAt: chain.length })
        expect(verdict.reason).toContain('published')
      }),
    )
  })

  it('finds a chain that was rewritten whole by an anchor', async () => {
    await fc.assert(
      fc.asyncProperty(place, async ([chain, at]) => {
        const rewritten = chainOf(
          chain.map((each, index) => (index === 0 ? { ...each, action: `${each.action}x` } : each)),
        )
        expect((await verifyChain(rewritten, [], headOf(rewritten))).ok).toBe(true)
        const verdict = await verifyChain(rewritten, [anchorAt(chain, at)], headOf(rewritten))
        expect(verdict).toMatchObject({ ok: false, brokenAt: at })
        expect(verdict.anchors[0]?.matches).toBe(false)
      }),
    )
  })
})
