import type { Clock } from '@/server/ports/clock'
import type { Log } from '@/workers/loop'

/** A log that keeps what it is told, for tests. */
export function keptLog(): Log & { lines: { level: string; data: object; message: string }[] } {
  const lines: { level: string; data: object; message: string }[] = []
  const at = (level: string) => (data: object, message: string) => {
    lines.push({ level, data, message })
  }
  return { lines, info: at('info'), warn: at('warn'), error: at('error') }
}

/** The machine's clock; sleeping ends early when the signal aborts. */
export const realClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const timer = setTimeout(resolve, ms)
      signal?.addEventListener(
        'abort',
        () => {
          clearTimeout(timer)
          resolve()
        },
        { once: true },
      )
    }),
}

/** Polls until something holds. @throws when it does not within the deadline */
export async function until(holds: () => boolean | Promise<boolean>, what: string, deadlineMs = 30_000): Promise<void> {
  const deadline = Date.now() + deadlineMs
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Not within ${deadlineMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
