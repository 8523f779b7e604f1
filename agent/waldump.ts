import { normaliseLsn } from './wal-position'

/** Rows changed in one table, told by its file: `tablespace/database/filenode`. */
export interface RowCounts {
  inserted: number
  updated: number
  deleted: number
}

export interface WalRecord {
  manager: string
  totalBytes: number
  xid: number
  lsn: string
  description: string
}

const recordLine =
  /^rmgr:\s+(\S+)\s+len \(rec\/tot\):\s+\d+\/\s*(\d+), tx:\s+(\d+), lsn: ([0-9A-F]+\/[0-9A-F]+), prev [0-9A-F]+\/[0-9A-F]+, desc: (.*)$/

/** One line of pg_waldump; null when it is something else. */
export function parseRecord(line: string): WalRecord | null {
  const match = recordLine.exec(line)
  if (!match) return null
  const [, manager = '', total = '0', xid = '0', lsn = '0/0', description = ''] = match
  return { manager, totalBytes: Number(total), xid: Number(xid), lsn: normaliseLsn(lsn), description }
}

/** What a heap record did to rows; null for locks, vacuum and the like. */
export function rowChange(record: WalRecord): { file: string; kind: keyof RowCounts; rows: number } | null {
  if (record.manager !== 'Heap' && record.manager !== 'Heap2') return null
  const verb = /^(INSERT|UPDATE|HOT_UPDATE|DELETE|MULTI_INSERT)(?:\+INIT)?\b/.exec(record.description)?.[1]
  const file = /blkref #0: rel (\d+\/\d+\/\d+)/.exec(record.description)?.[1]
  if (!verb || !file) return null
  if (verb === 'MULTI_INSERT') {
    return { file, kind: 'inserted', rows: Number(/(\d+) tuples/.exec(record.description)?.[1] ?? 1) }
  }
  const kind = verb === 'INSERT' ? 'inserted' : verb === 'DELETE' ? 'deleted' : 'updated'
  return { file, kind, rows: 1 }
}

export interface TransactionEnd {
  committed: boolean
  xid: number
  at: string | null
  subtransactions: number[]
}

/** COMMIT and ABORT, of prepared transactions too. Times are UTC: the tool runs with TZ=UTC. */
export function transactionEnd(record: WalRecord): TransactionEnd | null {
  if (record.manager !== 'Transaction') return null
  const match = /^(COMMIT|ABORT)(_PREPARED (\d+):)? (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?) UTC/.exec(
    record.description,
  )
  if (!match) return null
  const list = /subxacts: ([\d ]+)/.exec(record.description)?.[1] ?? ''
  const at = new Date(`${(match[4] ?? '').replace(' ', 'T')}Z`)
  return {
    committed: match[1] === 'COMMIT',
    xid: match[3] ? Number(match[3]) : record.xid,
    at: Number.isNaN(at.getTime()) ? null : at.toISOString(),
    subtransactions: list.split(' ').filter(Boolean).map(Number),
  }
}

/** Folds records into the rows of committed transactions. What never commits never counts. */
export class DivergenceCounter {
  private readonly open = new Map<number, Map<string, RowCounts>>()
  /** Committed work that touched a counted file. */
  readonly files = new Map<string, RowCounts>()
  transactions = 0
  lastCommitAt: string | null = null

  /** @param counts whether the rows of a file are the service's own */
  constructor(private readonly counts: (file: string) => boolean) {}

  add(record: WalRecord): void {
    const change = rowChange(record)
    if (change && this.counts(change.file)) {
      const files = this.open.get(record.xid) ?? new Map<string, RowCounts>()
      this.open.set(record.xid, files)
      bump(files, change.file, change.kind, change.rows)
      return
    }
    const end = transactionEnd(record)
    if (end) this.finish(end)
  }

  private finish(end: TransactionEnd): void {
    let touched = false
    for (const xid of [end.xid, ...end.subtransactions]) {
      const files = this.open.get(xid)
      this.open.delete(xid)
      if (!files || !end.committed) continue
      touched = true
      for (const [file, counts] of files) {
        bump(this.files, file, 'inserted', counts.inserted)
        bump(this.files, file, 'updated', counts.updated)
        bump(this.files, file, 'deleted', counts.deleted)
      }
    }
    if (!touched) return
    this.transactions += 1
    if (end.at && (this.lastCommitAt === null || end.at > this.lastCommitAt)) this.lastCommitAt = end.at
  }
}

function bump(files: Map<string, RowCounts>, file: string, kind: keyof RowCounts, rows: number): void {
  const counts = files.get(file) ?? { inserted: 0, updated: 0, deleted: 0 }
  counts[kind] += rows
  files.set(file, counts)
}

/**
 * Where the tool stopped reading, from its last complaint; null when that names no place. Reading to the end always ends in a
 * complaint: what follows the last record is not a record.
 */
export function parseEnd(stderr: string): string | null {
  const at = /error in WAL record at [0-9A-F]+\/[0-9A-F]+: .*? at ([0-9A-F]+\/[0-9A-F]+)/.exec(stderr)?.[1]
  return at ? normaliseLsn(at) : null
}
