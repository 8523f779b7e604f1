/** Six digits of an authenticator, or a backup code of twenty letters and digits; spaces and dashes are how people type. */
export function normalCode(typed: string): { kind: 'totp' | 'backup'; code: string } | null {
  const code = typed.replace(/[\s-]/g, '').toLowerCase()
  if (/^\d{6}$/.test(code)) return { kind: 'totp', code }
  if (/^[a-z2-7]{20}$/.test(code)) return { kind: 'backup', code }
  return null
}

/** Wrong codes in a row before none is taken. Three codes of a million are right at any moment: five tries each five minutes guess one in some months. */
const triesAllowed = 5
const lockMs = 5 * 60_000

/** Until when no code is taken, in ms since the epoch; null when one is. */
export function lockedUntil(factor: { failures: number; failedAt: Date | null }, nowMs: number): number | null {
  if (factor.failures < triesAllowed || factor.failedAt === null) return null
  const until = factor.failedAt.getTime() + lockMs
  return until > nowMs ? until : null
}

/** Wrong codes in a row after one more: a lock that has run out begins the count anew. */
export function failuresAfter(factor: { failures: number; failedAt: Date | null }, nowMs: number): number {
  const over = factor.failedAt !== null && factor.failedAt.getTime() + lockMs <= nowMs
  return over ? 1 : factor.failures + 1
}
