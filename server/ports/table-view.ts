/** A row as one server holds it: physical copies hold the same versions in the same places. */
export type RowVersion = {
  /** `ctid` and the transaction that wrote it: together they name one version of one row, for ever. */
  id: string
  hash: string
  /** Written by a transaction that the given snapshot sees. True when none was given. */
  seen: boolean
}

/** Rows of a run of blocks, by number and by the sum of their hashes, in whatever order they come. */
export type RangeDigest = { range: number; rows: number; checksum: string }

/** What one server holds at one moment, however long it is looked at. */
export interface TableView {
  /** Which transactions it sees, as PostgreSQL writes a snapshot. */
  readonly snapshot: string
  /** A position by which all of them are in the WAL. */
  readonly lsn: string
  /** The service's own tables that a standby has too, without Lifeboat's. */
  tables(): Promise<{ table: string; bytes: number }[]>
  /** @param seenIn counts only rows written by a transaction that this snapshot sees; null counts all */
  digests(table: string, seenIn: string | null): Promise<RangeDigest[]>
  versions(table: string, range: number, seenIn: string | null): Promise<RowVersion[]>
}
