import type { RunKind } from '@/server/domain/plan/types'

/** How a kind of run is spoken of on the pages. */
export type KindWords = {
  /** Heading of its page and its noun in a sentence: "the failover". */
  title: string
  /** The verb on the button that asks for it, before the destination's name. */
  request: string
  /** What its way back is, shown at the line after which only forward is left. */
  wayBack: string
  /** Typed before it is asked for: the blast radius earns it. */
  typesDestination: boolean
}

const failover: KindWords = {
  title: 'Failover',
  request: 'Request failover to',
  wayBack: 'the way back is a failback',
  typesDestination: true,
}

export const kindWords: Readonly<Partial<Record<RunKind, KindWords>>> = { failover }

export function wordsOf(kind: RunKind): KindWords {
  const title = `${kind.slice(0, 1).toUpperCase()}${kind.slice(1)}`
  return kindWords[kind] ?? { ...failover, title, request: `Request ${kind} to`, wayBack: 'there is no way back' }
}
