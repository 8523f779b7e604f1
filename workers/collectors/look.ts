import type { z } from 'zod'
import type { factsByKind, Observation, ObservationKind } from '@/server/domain/observation'
import type { Clock } from '@/server/ports/clock'

type Facts<K extends ObservationKind> = z.infer<(typeof factsByKind)[K]>

/** What came of asking: facts may be there although it is not ok, and `failure` says in words why it is not. */
export type Answer<K extends ObservationKind> = { ok: boolean; failure: string | null; facts: Facts<K> | null }

/** One thing that is looked at again and again. `ask` may throw: a failed look is an observation too. */
export type Look<K extends ObservationKind = ObservationKind> = {
  kind: K
  subject: string
  intervalMs: number
  /** Below the interval, so that one look ends before the next is due. */
  timeoutMs: number
  ask(): Promise<Answer<K>>
  /** What is known when nothing came back in time; null when nothing is. */
  unanswered(failure: string): Facts<K> | null
}

/** A look whose kind is settled: what it makes is an observation of that kind. */
export type AnyLook = {
  kind: ObservationKind
  subject: string
  intervalMs: number
  observe(clock: Clock): Promise<Observation>
}

/**
 * Wraps a look so that it always yields an observation by its timeout, and never has two questions open: while an earlier one is still
 * waiting for its answer, that is what is observed. The time is that of the attempt's start, so a value is never taken for newer than it is.
 */
export function defineLook<K extends ObservationKind>(service: string, vantage: string, look: Look<K>): AnyLook {
  let outstanding: Promise<unknown> | null = null
  const { kind, subject, intervalMs } = look
  const observe = async (clock: Clock): Promise<Observation> => {
    const observedAt = new Date(clock.now()).toISOString()
    const seen = (answer: Answer<K>): Observation<K> => ({
      service,
      kind,
      subject,
      vantage,
      observedAt,
      intervalMs,
      ...answer,
    })
    const failed = (failure: string): Observation<K> => seen({ ok: false, failure, facts: look.unanswered(failure) })
    if (outstanding) {
      const answeredInTime = await settledWithin(outstanding, look.timeoutMs)
      if (!answeredInTime) return failed('Still no answer to an earlier question')
    }
    const asking = look.ask().then(seen, (error: unknown) => failed(describeFailure(error)))
    const mine = asking.finally(() => {
      if (outstanding === mine) outstanding = null
    })
    outstanding = mine
    if (await settledWithin(mine, look.timeoutMs)) return asking
    return failed(`No answer within ${look.timeoutMs} ms`)
  }
  return { kind, subject, intervalMs, observe }
}

async function settledWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms)
  })
  try {
    return await Promise.race([work.then(() => true as const), timeout])
  } finally {
    clearTimeout(timer)
  }
}

/** Adapters speak of a failure in an operator's words already; anything else is a fault of ours and is named as such. */
function describeFailure(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** A timeout below the interval, with room to write down what came of it. */
export function timeoutBelow(intervalMs: number, wantedMs: number): number {
  return Math.max(50, Math.min(wantedMs, Math.floor(intervalMs * 0.85)))
}
