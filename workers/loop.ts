import type { Clock } from '@/server/ports/clock'

export type Log = {
  info(data: object, message: string): void
  warn(data: object, message: string): void
  error(data: object, message: string): void
}

export type Loop = { stop(): Promise<void> }

export type LoopOptions = {
  name: string
  /** A function is asked after each round: some things are looked at more closely for a while. */
  intervalMs: number | (() => number)
  /** Where in the interval it runs, so that several workers do not all do the same thing at the same moment. */
  offsetMs?: number
  /** One round. An error is one of our own (the control database is away): what a managed system answers is not an error here. */
  round(signal: AbortSignal): Promise<void>
  clock: Clock
  log: Log
}

/** A control database that restarts is away for a second: look again soon, and however long it lasts, this often. */
const firstBackoffMs = 250
const maxBackoffMs = 2_000
/** Of the interval: enough to keep loops from marching in step, too little to make a value look late. */
const jitterShare = 0.03

/**
 * Runs `round` each interval, one at a time; a round that takes longer than the interval is followed by the next at once, none are made up
 * for. After an error of our own it waits twice as long each time. Never ends by itself.
 */
export function startLoop(options: LoopOptions): Loop {
  const stopping = new AbortController()
  const done = turn(options, stopping.signal)
  return {
    stop: async () => {
      stopping.abort()
      await done
    },
  }
}

async function turn(options: LoopOptions, signal: AbortSignal): Promise<void> {
  const { clock, log, name } = options
  const intervalMs = (): number => (typeof options.intervalMs === 'number' ? options.intervalMs : options.intervalMs())
  let failures = 0
  let dueAt = clock.now() + (options.offsetMs ?? 0)
  while (!signal.aborted) {
    await clock.sleep(Math.max(0, dueAt - clock.now()), signal)
    if (signal.aborted) return
    try {
      await options.round(signal)
      if (failures > 0) log.info({ loop: name, failures }, 'works again')
      failures = 0
    } catch (error) {
      failures += 1
      // The first says it; afterwards one in ten, since what is away may be away for long.
      if (failures % 10 === 1)
        log.warn({ loop: name, failures, error: messageOf(error) }, 'a round failed; trying again')
    }
    dueAt = nextDue(dueAt, clock.now(), intervalMs(), failures)
  }
}

/** The next turn of the interval's grid that is not past, or the back-off after failures. */
export function nextDue(dueAt: number, nowMs: number, intervalMs: number, failures: number): number {
  if (failures > 0) return nowMs + Math.min(maxBackoffMs, firstBackoffMs * 2 ** Math.min(failures - 1, 6))
  const missed = Math.max(0, Math.floor((nowMs - dueAt) / intervalMs))
  const jitter = intervalMs * jitterShare * (Math.random() - 0.5)
  return Math.max(nowMs, dueAt + (missed + 1) * intervalMs + jitter)
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
