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
  /** False where the service is up all the while: its time is not held against the objective. */
  isOutage?: boolean
}

const failover: KindWords = {
  title: 'Failover',
  request: 'Request failover to',
  wayBack: 'the way back is a failback',
  typesDestination: true,
}

const switchover: KindWords = {
  title: 'Switchover',
  request: 'Request switchover to',
  wayBack: 'the way back is a switchover in the other direction',
  typesDestination: true,
}

const failback: KindWords = {
  title: 'Failback',
  request: 'Request failback of',
  wayBack: 'there is no way back: its own history is gone from the server, and what only it had is kept in Lifeboat',
  typesDestination: true,
  isOutage: false,
}

const evacuate: KindWords = {
  title: 'Evacuation',
  request: 'Request moving traffic to',
  wayBack: 'the way back is the same in the other direction',
  typesDestination: false,
  isOutage: false,
}

const restore: KindWords = {
  title: 'Restore',
  request: 'Request restore in',
  wayBack: 'the old primary keeps what was written after the moment',
  typesDestination: true,
}

const merge: KindWords = {
  title: 'Merge',
  request: 'Request putting the rows into',
  wayBack: 'there is no way back: users see the rows from here on; which ones were added stays written down',
  typesDestination: false,
  isOutage: false,
}

export const kindWords: Readonly<Partial<Record<RunKind, KindWords>>> = {
  failover,
  switchover,
  failback,
  evacuate,
  restore,
  merge,
}

export function wordsOf(kind: RunKind): KindWords {
  const title = `${kind.slice(0, 1).toUpperCase()}${kind.slice(1)}`
  return kindWords[kind] ?? { ...failover, title, request: `Request ${kind} to`, wayBack: 'there is no way back' }
}
