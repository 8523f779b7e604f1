/** Time as the engine sees it, injected so that tests can move it. Milliseconds since the epoch. */
export type Clock = { now(): number; sleep(ms: number, signal?: AbortSignal): Promise<void> }

/** An instant as it travels: ISO 8601 in UTC with milliseconds. */
export type Instant = string

export function instant(ms: number): Instant {
  return new Date(ms).toISOString()
}
