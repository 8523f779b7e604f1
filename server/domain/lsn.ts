/** WAL positions as PostgreSQL prints them (`0/3000148`): two 32-bit halves in hex. Source: PostgreSQL 15, pg_lsn type. */
export function parseLsn(text: string): bigint {
  const [high, low, ...rest] = text.split('/')
  if (!high || !low || rest.length > 0 || !/^[0-9A-Fa-f]{1,8}$/.test(high) || !/^[0-9A-Fa-f]{1,8}$/.test(low)) {
    throw new TypeError(`Not a WAL position: ${text}`)
  }
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`)
}

/** Bytes of WAL from `older` to `newer`; negative when `newer` is behind. */
export function lsnDiffBytes(newer: string, older: string): number {
  return Number(parseLsn(newer) - parseLsn(older))
}

/** Negative, zero or positive, as for sort. */
export function compareLsn(a: string, b: string): number {
  const difference = parseLsn(a) - parseLsn(b)
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

/** The furthest of several positions, ignoring what is unknown; null when all are. */
export function furthestLsn(...positions: (string | null | undefined)[]): string | null {
  return positions.reduce<string | null>(
    (best, each) => (each && (best === null || compareLsn(each, best) > 0) ? each : best),
    null,
  )
}
