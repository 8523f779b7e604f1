/** Rejects after `ms` when the promise has not settled; what comes of it later is ignored. */
export async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  promise.catch(() => undefined)
  try {
    return await Promise.race([
      promise,
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`no answer from Redis within ${ms} ms`)), ms)
      }),
    ])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Closes what talks to Redis, politely and then not. With Redis away neither closing nor disconnecting ever answers, so neither is waited for
 * longer than `ms`; disconnecting has stopped the attempts to connect by then.
 */
export async function closeWithin(
  close: () => Promise<void>,
  disconnect: () => Promise<void>,
  ms: number,
): Promise<void> {
  try {
    await within(close(), ms)
  } catch {
    await within(disconnect(), ms).catch(() => undefined)
  }
}
