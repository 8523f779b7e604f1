/**
 * Guessing one account's password from many addresses: after ten wrong ones in a minute the account takes none for the rest of it. A right
 * password is never locked out for longer, since the person whom it keeps out may be the one who is needed.
 */
const allowed = 10
const windowMs = 60_000
/** Names that are guessed at cannot fill the memory. */
const mostAccounts = 10_000

type Window = { since: number; failures: number }
const windows = new Map<string, Window>()

export function failuresOf(email: string) {
  return {
    tooMany: (nowMs: number): boolean => {
      const window = windows.get(email)
      return window !== undefined && nowMs - window.since < windowMs && window.failures >= allowed
    },
    count: (nowMs: number): void => {
      const window = windows.get(email)
      if (window && nowMs - window.since < windowMs) {
        window.failures += 1
        return
      }
      windows.delete(email)
      const oldest = windows.size >= mostAccounts ? windows.keys().next().value : undefined
      if (oldest !== undefined) windows.delete(oldest)
      windows.set(email, { since: nowMs, failures: 1 })
    },
    clear: (): void => void windows.delete(email),
  }
}
