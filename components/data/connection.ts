/** What this browser knows of its link to the console. One store a tab: the fetcher and the event stream write, pages read. */
export type Connection = {
  stream: 'connecting' | 'open' | 'closed'
  /** Last sign of life on the event stream. */
  lastEventAt: number | null
  /** Last answer to any request, or event. */
  lastAnswerAt: number
  /** Requests that got no answer since the last one that did. */
  failures: number
}

/** After this long without any answer, what is on the page is shown as stale: four polls of a service, and longer than the 15 s between beats of the stream, which is all that a tab in the background hears. */
const trustedMs = 20_000

const atStart: Connection = { stream: 'connecting', lastEventAt: null, lastAnswerAt: 0, failures: 0 }
let current: Connection = atStart
const listeners = new Set<() => void>()

function set(change: Partial<Connection>): void {
  current = { ...current, ...change }
  for (const listener of listeners) listener()
}

export const connection = {
  get: (): Connection => current,
  onServer: (): Connection => atStart,
  subscribe(listener: () => void): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
  answered(nowMs: number): void {
    // A second's grain is enough for an age, and spares a paint for each of many answers.
    if (nowMs - current.lastAnswerAt > 1000 || current.failures > 0) set({ lastAnswerAt: nowMs, failures: 0 })
  },
  failed(): void {
    set({ failures: current.failures + 1 })
  },
  streamIs(stream: Connection['stream']): void {
    if (stream !== current.stream) set({ stream })
  },
  event(nowMs: number): void {
    set({ lastEventAt: nowMs, lastAnswerAt: nowMs, failures: 0 })
  },
}

export type Link = 'live' | 'polling' | 'offline'

/** A stream that stays open on a console that has stopped answering is no link: what was heard, and when, decides. */
export function linkOf(state: Connection, nowMs: number): Link {
  if (state.failures >= 2 || !isTrusted(state, nowMs)) return 'offline'
  return state.stream === 'open' ? 'live' : 'polling'
}

/** Whether what is on the page may still be shown as current. */
export function isTrusted(state: Connection, nowMs: number): boolean {
  return state.lastAnswerAt === 0 || nowMs - state.lastAnswerAt < trustedMs
}
