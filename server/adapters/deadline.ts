import { Unreachable } from '@/server/ports/errors'
import { toPortError } from './errors'

/**
 * Runs one call on a managed system under a deadline, whatever the client library does: past it, the call is Unreachable, `signal` aborts, and
 * whatever arrives later is dropped. Every other failure leaves as a port error.
 */
export async function withDeadline<T>(
  system: string,
  timeoutMs: number,
  work: (signal: AbortSignal) => Promise<T>,
  mapError: (error: unknown) => Error = (error) => toPortError(system, error),
): Promise<T> {
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Unreachable(system, `${system} did not answer within ${timeoutMs} ms`))
      controller.abort()
    }, timeoutMs)
  })
  const working = work(controller.signal).catch((error: unknown) => {
    throw mapError(error)
  })
  // When the deadline wins, the loser's rejection has nobody else to hear it.
  working.catch(() => undefined)
  try {
    return await Promise.race([working, expired])
  } finally {
    clearTimeout(timer)
  }
}
