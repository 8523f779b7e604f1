import { describe, expect, it } from 'vitest'
import { parsePlace, RowTracker, rowPlaces } from './stranded'
import { parseRecord } from './waldump'

const line = (manager: string, xid: number, description: string): string =>
  `rmgr: ${manager} len (rec/tot): 54/ 54, tx: ${xid}, lsn: 0/03000148, prev 0/03000110, desc: ${description}`
const heap = (xid: number, description: string, manager = 'Heap') => line(manager, xid, description)
const rel = 'blkref #0: rel 1663/16384/16390 blk 3'
const commit = (xid: number, rest = '') => line('Transaction', xid, `COMMIT 2026-11-22 03:00:00.000000 UTC${rest}`)

function track(lines: string[], most = 1000) {
  const tracker = new RowTracker(() => true, most)
  for (const each of lines) {
    const record = parseRecord(each)
    if (record) tracker.add(record)
  }
  return tracker.files.get('1663/16384/16390')
}

describe('rowPlaces', () => {
  it.each([
    [`INSERT off 5 flags 0x00, ${rel}`, { kind: 'insert', at: '3,5' }],
    [`INSERT off: 5, flags: 0x00, ${rel}`, { kind: 'insert', at: '3,5' }],
    [`DELETE off 6 flags 0x00 KEYS_UPDATED , ${rel}`, { kind: 'delete', from: '3,6' }],
    [`HOT_UPDATE off 2 xmax 747 flags 0x10 ; new off 6 xmax 0, ${rel}`, { kind: 'update', from: '3,2', at: '3,6' }],
    [
      `UPDATE off 2 xmax 747 flags 0x03 ; new off 1 xmax 0, ${rel}, blkref #1: rel 1663/16384/16390 blk 0`,
      { kind: 'update', from: '0,2', at: '3,1' },
    ],
    [`UPDATE old_xmax: 7, old_off: 2, old_infobits: [], new_xmax: 0, new_off: 9, ${rel}`, { from: '3,2', at: '3,9' }],
    [`LOCK off 5: xid 7: flags 0x00 LOCK_ONLY EXCL_LOCK , ${rel}`, null],
  ])('%s', (description, expected) => {
    const record = parseRecord(heap(9, description))
    const found = record && rowPlaces(record)
    if (expected === null) expect(found).toBeNull()
    else expect(found).toMatchObject(expected)
  })

  it('knows the places of many rows only on a page that they begin', () => {
    const places = (description: string) => {
      const record = parseRecord(heap(9, description, 'Heap2'))
      const found = record && rowPlaces(record)
      return found?.kind === 'batch' ? found.places : null
    }
    expect(places(`MULTI_INSERT+INIT 3 tuples flags 0x02, ${rel}`)).toEqual(['3,1', '3,2', '3,3'])
    expect(places(`MULTI_INSERT 3 tuples flags 0x02, ${rel}`)).toEqual([])
  })
})

describe('RowTracker', () => {
  it('follows a row to its last version, and forgets what came and went', () => {
    const table = track([
      heap(10, `INSERT off 1 flags 0x00, ${rel}`),
      heap(10, `INSERT off 2 flags 0x00, ${rel}`),
      commit(10),
      heap(11, `HOT_UPDATE off 1 xmax 11 flags 0x10 ; new off 3 xmax 0, ${rel}`),
      heap(11, `DELETE off 2 flags 0x00 KEYS_UPDATED , ${rel}`),
      heap(11, `UPDATE off 7 xmax 11 flags 0x10 ; new off 4 xmax 0, ${rel}`),
      heap(11, `DELETE off 8 flags 0x00 KEYS_UPDATED , ${rel}`),
      commit(11),
    ])
    expect([...(table?.rows ?? [])].map(([at, { op }]) => [at, op])).toEqual([
      ['3,3', 'insert'],
      ['3,4', 'update'],
    ])
    expect(table).toMatchObject({ deleted: 1, cut: false })
  })

  it('counts only what commits, with its subtransactions, in the order in which it was written', () => {
    const table = track([
      heap(20, `INSERT off 1 flags 0x00, ${rel}`),
      heap(21, `INSERT off 2 flags 0x00, ${rel}`),
      heap(30, `INSERT off 9 flags 0x00, ${rel}`),
      line('Transaction', 30, 'ABORT 2026-11-22 03:00:00.000000 UTC'),
      commit(20, '; subxacts: 21'),
      heap(40, `INSERT off 5 flags 0x00, ${rel}`),
    ])
    expect([...(table?.rows.keys() ?? [])]).toEqual(['3,1', '3,2'])
  })

  it('says so when there is more than it holds', () => {
    const lines = [1, 2, 3].map((offset) => heap(10, `INSERT off ${offset} flags 0x00, ${rel}`))
    expect(track([...lines, commit(10)], 2)).toMatchObject({ cut: true })
  })
})

it('refuses what is not a place', () => {
  expect(parsePlace('(3,7)')).toBe('3,7')
  expect(() => parsePlace('3,7')).toThrow(TypeError)
})
