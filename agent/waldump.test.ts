import { describe, expect, it } from 'vitest'
import { DivergenceCounter, parseEnd, parseRecord, rowChange, transactionEnd } from './waldump'

const line = (manager: string, xid: number, description: string, lsn = '0/03000148') =>
  `rmgr: ${manager.padEnd(11)} len (rec/tot):     59/   195, tx: ${String(xid).padStart(10)}, lsn: ${lsn}, prev 0/03000110, desc: ${description}`
const rel = 'blkref #0: rel 1663/16384/16397 blk 0'
const commit = (xid: number, extra = '') => line('Transaction', xid, `COMMIT 2026-11-22 18:00:00.123456 UTC${extra}`)

function count(lines: string[], counts: (file: string) => boolean = () => true): DivergenceCounter {
  const counter = new DivergenceCounter(counts)
  for (const text of lines) {
    const record = parseRecord(text)
    if (record) counter.add(record)
  }
  return counter
}

describe('a line of pg_waldump', () => {
  it('is read into its parts', () => {
    expect(parseRecord(line('Heap', 748, `INSERT off 2 flags 0x00, ${rel} FPW`))).toEqual({
      manager: 'Heap',
      totalBytes: 195,
      xid: 748,
      lsn: '0/3000148',
      description: `INSERT off 2 flags 0x00, ${rel} FPW`,
    })
    expect(parseRecord('first record is after 0/3000000, at 0/3000028, skipping over 40 bytes')).toBeNull()
  })

  it.each([
    ['Heap', `INSERT+INIT off 1 flags 0x08, ${rel}`, 'inserted', 1],
    ['Heap', `HOT_UPDATE off 1 xmax 7 flags 0x00 ; new off 3 xmax 0, ${rel}`, 'updated', 1],
    [
      'Heap',
      `UPDATE off 1 xmax 7 flags 0x00 ; new off 3 xmax 0, ${rel}, blkref #1: rel 1663/16384/16397 blk 4`,
      'updated',
      1,
    ],
    ['Heap', `DELETE off 4 flags 0x00 KEYS_UPDATED , ${rel}`, 'deleted', 1],
    ['Heap2', `MULTI_INSERT+INIT 61 tuples flags 0x0a, ${rel}`, 'inserted', 61],
  ] as const)('%s %s', (manager, description, kind, rows) => {
    const record = parseRecord(line(manager, 7, description))
    expect(record && rowChange(record)).toEqual({ file: '1663/16384/16397', kind, rows })
  })

  it.each([
    ['Heap', `LOCK off 1: xid 7: flags 0x00 LOCK_ONLY EXCL_LOCK , ${rel}`],
    ['Heap', `INPLACE off 2, ${rel}`],
    ['Heap2', `PRUNE latestRemovedXid 0 nredirected 0 ndead 1, ${rel}`],
    ['Btree', `INSERT_LEAF off 3, ${rel}`],
  ])('%s %s changes no row', (manager, description) => {
    const record = parseRecord(line(manager, 7, description))
    expect(record && rowChange(record)).toBeNull()
  })

  it('ends a transaction with its subtransactions, prepared ones too', () => {
    const end = (text: string) => {
      const record = parseRecord(text)
      return record && transactionEnd(record)
    }
    expect(end(commit(735, '; rels: base/5/16384; subxacts: 736 737; inval msgs: catcache 55'))).toEqual({
      committed: true,
      xid: 735,
      at: '2026-11-22T18:00:00.123Z',
      subtransactions: [736, 737],
    })
    expect(end(line('Transaction', 0, 'COMMIT_PREPARED 740: 2026-11-22 18:00:00 UTC'))).toMatchObject({ xid: 740 })
    expect(end(line('Transaction', 741, 'ABORT 2026-11-22 18:00:00.5 UTC'))).toMatchObject({ committed: false })
    expect(end(line('Transaction', 742, 'INVALIDATION ; inval msgs: catcache 55'))).toBeNull()
  })
})

describe('counting', () => {
  const insert = (xid: number) => line('Heap', xid, `INSERT off 2 flags 0x00, ${rel}`)

  it('counts committed work only, subtransactions with their parent', () => {
    const counter = count([
      insert(10),
      insert(11),
      insert(12),
      line('Transaction', 12, 'ABORT 2026-11-22 18:00:00 UTC'),
      insert(13),
      commit(10, '; subxacts: 11'),
      insert(14),
    ])
    expect(counter.transactions).toBe(1)
    expect([...counter.files]).toEqual([['1663/16384/16397', { inserted: 2, updated: 0, deleted: 0 }]])
  })

  it('leaves out what is not counted, its transactions and their time too', () => {
    const counter = count([insert(10), commit(10)], () => false)
    expect(counter).toMatchObject({ transactions: 0, lastCommitAt: null })
  })
})

describe('where reading ended', () => {
  it('is told by the last complaint', () => {
    const text =
      'pg_waldump: error: error in WAL record at 0/3001228: invalid record length at 0/3001260: wanted 24, got 0'
    expect(parseEnd(text)).toBe('0/3001260')
    expect(parseEnd('pg_waldump: error: could not find file "000000010000000000000009": No such file')).toBeNull()
  })
})
