import type { RangeDigest, RowVersion } from '@/server/ports/table-view'

/**
 * How two servers are compared while one of them takes writes. Three moments, each of which sees at least what the one before saw: `first` on the primary, `second`
 * on the standby once it has replayed all of `first`, `third` on the primary afterwards. A version of a row is named by its place and its writer, and never
 * changes. Therefore
 *  - a version that `first` sees and `second` does not must be gone from `third`: it was replaced or deleted in between, or the standby lost it;
 *  - a version that `second` sees, of a writer that `first` sees, must be in `first`: else the standby made it up.
 * Nothing has to stand still for this, and nothing is paused.
 */
export type Differences = {
  /** The same version with another content: never right. */
  changed: string[]
  /** Seen by `first`, not by `second`. */
  gone: string[]
  /** Seen by `second` alone, of a writer that `first` sees. */
  extra: RowVersion[]
}

export function compareVersions(first: readonly RowVersion[], second: readonly RowVersion[]): Differences {
  const there = new Map(second.map((each) => [each.id, each.hash]))
  const here = new Set(first.map((each) => each.id))
  return {
    changed: first.filter(({ id, hash }) => there.has(id) && there.get(id) !== hash).map((each) => each.id),
    gone: first.filter(({ id }) => !there.has(id)).map((each) => each.id),
    extra: second.filter(({ id, seen }) => seen && !here.has(id)),
  }
}

/** What a later look at the primary does not explain. */
export function stillUnexplained({ changed, gone, extra }: Differences, third: readonly RowVersion[]): Differences {
  const later = new Map(third.map((each) => [each.id, each.hash]))
  return {
    changed,
    gone: gone.filter((id) => later.has(id)),
    extra: extra.filter(({ id, hash }) => later.get(id) !== hash),
  }
}

export function countOf({ changed, gone, extra }: Differences): number {
  return changed.length + gone.length + extra.length
}

/** Ranges whose digests differ, on either side. */
export function unequalRanges(one: readonly RangeDigest[], other: readonly RangeDigest[]): number[] {
  const key = ({ range, rows, checksum }: RangeDigest): string => `${range} ${rows} ${checksum}`
  const [left, right] = [new Set(one.map(key)), new Set(other.map(key))]
  const unequal = [...one.filter((each) => !right.has(key(each))), ...other.filter((each) => !left.has(key(each)))].map(
    (each) => each.range,
  )
  return [...new Set(unequal)].sort((a, b) => a - b)
}

export function totals(digests: readonly RangeDigest[]): { rows: number; checksum: string } {
  const sum = digests.reduce((total, each) => total + BigInt(each.checksum), 0n)
  return { rows: digests.reduce((total, each) => total + each.rows, 0), checksum: String(sum) }
}
