import { transactionEnd, type WalRecord } from './waldump'

/** A row's place in its table: block and line pointer, as in `ctid`. */
export type Place = `${number},${number}`

/** `(3,7)`, as PostgreSQL prints it. @throws TypeError for anything else */
export function parsePlace(text: string): Place {
  const match = /^\((\d+),(\d+)\)$/.exec(text)
  if (!match) throw new TypeError(`Not a place in a table: ${text}`)
  return `${Number(match[1])},${Number(match[2])}`
}

export interface TableRows {
  /** Live rows by place, as the WAL left them. `seq` is the order in which they were written. */
  rows: Map<Place, { op: 'insert' | 'update'; seq: number }>
  /** Blocks into which many rows were put at once: PostgreSQL 15 does not print which places they got, only by whom. */
  batches: Map<number, { xids: Set<number>; seq: number }>
  /** Rows that were there at the fork and are deleted. */
  deleted: number
  /** More rows than are tracked: the rest is counted by nobody here. */
  cut: boolean
}

type Change =
  | { kind: 'insert'; file: string; at: Place }
  | { kind: 'batch'; file: string; block: number; xid: number; places: Place[] }
  | { kind: 'update'; file: string; from: Place; at: Place }
  | { kind: 'delete'; file: string; from: Place }

const numberIn = (pattern: RegExp, text: string): number | null => {
  const found = pattern
    .exec(text)
    ?.slice(1)
    .find((each) => each !== undefined)
  return found === undefined ? null : Number(found)
}
const place = (block: number, offset: number): Place => `${block},${offset}`

/** What one heap record did to which places; null for everything else. Knows the wording of PostgreSQL 15 and of 16. */
export function rowPlaces(record: WalRecord): Change | null {
  if (record.manager !== 'Heap' && record.manager !== 'Heap2') return null
  const { description, xid } = record
  const verb = /^(INSERT|UPDATE|HOT_UPDATE|DELETE|MULTI_INSERT)(\+INIT)?\b/.exec(description)
  const file = /blkref #0: rel (\d+\/\d+\/\d+)/.exec(description)?.[1]
  const block = numberIn(/blkref #0: rel \S+ blk (\d+)/, description)
  if (!verb || !file || block === null) return null
  if (verb[1] === 'MULTI_INSERT') {
    const tuples = numberIn(/\b(\d+) tuples|\bntuples: (\d+)/, description) ?? 0
    const places = verb[2] ? Array.from({ length: tuples }, (_, index) => place(block, index + 1)) : []
    return { kind: 'batch', file, block, xid, places }
  }
  const offset = numberIn(/\b(?:old_)?off:? (\d+)/, description)
  if (offset === null) return null
  if (verb[1] === 'INSERT') return { kind: 'insert', file, at: place(block, offset) }
  if (verb[1] === 'DELETE') return { kind: 'delete', file, from: place(block, offset) }
  const newOffset = numberIn(/new[ _]off:? (\d+)/, description)
  if (newOffset === null) return null
  // A row that moved to another page: that page comes first, the one that it left second.
  const oldBlock = numberIn(/blkref #1: rel \S+ blk (\d+)/, description) ?? block
  return { kind: 'update', file, from: place(oldBlock, offset), at: place(block, newOffset) }
}

/** Follows rows from version to version through the WAL; only what commits counts, at its commit. */
export class RowTracker {
  private readonly open = new Map<number, { change: Change; seq: number }[]>()
  private seq = 0
  private held = 0
  readonly files = new Map<string, TableRows>()

  /** @param most places held at once, in all: a divergence of millions of rows is cut rather than costing the machine its memory */
  constructor(
    private readonly counts: (file: string) => boolean,
    private readonly most: number,
  ) {}

  add(record: WalRecord): void {
    const change = rowPlaces(record)
    if (change) {
      this.seq += 1
      if (!this.counts(change.file)) return
      if (this.held >= this.most) {
        this.tableOf(change.file).cut = true
        return
      }
      this.held += 1
      const changes = this.open.get(record.xid) ?? []
      this.open.set(record.xid, changes)
      changes.push({ change, seq: this.seq })
      return
    }
    const end = transactionEnd(record)
    if (!end) return
    const changes = [end.xid, ...end.subtransactions].flatMap((xid) => {
      const found = this.open.get(xid) ?? []
      this.open.delete(xid)
      return found
    })
    if (!end.committed) return
    for (const each of changes.sort((a, b) => a.seq - b.seq)) this.apply(each.change, each.seq)
  }

  private tableOf(file: string): TableRows {
    const found = this.files.get(file) ?? { rows: new Map(), batches: new Map(), deleted: 0, cut: false }
    this.files.set(file, found)
    return found
  }

  private apply(change: Change, seq: number): void {
    const table = this.tableOf(change.file)
    if (change.kind === 'insert') table.rows.set(change.at, { op: 'insert', seq })
    else if (change.kind === 'batch') this.applyBatch(table, change, seq)
    else {
      const before = table.rows.get(change.from)
      table.rows.delete(change.from)
      if (change.kind === 'update') table.rows.set(change.at, { op: before?.op ?? 'update', seq })
      else if (before?.op !== 'insert') table.deleted += 1
    }
  }

  private applyBatch(table: TableRows, change: Extract<Change, { kind: 'batch' }>, seq: number): void {
    for (const at of change.places) table.rows.set(at, { op: 'insert', seq })
    if (change.places.length > 0) return
    const batch = table.batches.get(change.block) ?? { xids: new Set<number>(), seq }
    batch.xids.add(change.xid)
    table.batches.set(change.block, batch)
  }
}
