import { setTimeout as delay } from 'node:timers/promises'

/** Milliseconds on a clock that no one can set. On Linux it also runs while a process is stopped, and all processes share it. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n)
}

/** Asks until the answer is true or the time is over. @returns the last answer */
export async function pollUntil(
  isSo: () => boolean | Promise<boolean>,
  deadlineMs: number,
  everyMs = 10,
): Promise<boolean> {
  const end = monotonicMs() + deadlineMs
  for (;;) {
    if (await isSo()) return true
    if (monotonicMs() >= end) return false
    await delay(everyMs)
  }
}
