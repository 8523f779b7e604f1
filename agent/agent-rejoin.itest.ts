import { readdir } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Bench, closeBench, openBench, openPair, refusal, type TestHost } from './test-bench'

/** Two servers that wrote past the fork, each for itself: what the old one has alone is read first, then it rejoins. */
let bench: Bench
let east: TestHost
let west: TestHost
let system: string
let forkLsn: string
let lastCommitBefore: number
const runId = 'run-rejoin'
const upstream = { host: 'west.lab', port: 15432, slot: 'db_east_1' }

beforeAll(async () => {
  bench = await openBench()
  ;[east, west] = await openPair(bench)
  system = (await east.observe()).systemIdentifier ?? ''
  await east.sql('create table links (id bigint primary key, target text not null)')
  await east.sql('create table clicks (id bigint primary key, note text)')
  await east.sql("insert into links select n, 'before' from generate_series(1, 50) n")
})
afterAll(() => closeBench(bench))

const shape = async (host: TestHost) =>
  await host.sql("select count(*)::int as rows, md5(string_agg(id || target, ',' order by id)) as digest from links")

describe('after a fork', () => {
  it('counts exactly the rows of committed transactions past it', async () => {
    const caughtUp = await east.observe()
    await west.until((seen) => (seen.replayedLsn ?? '') >= (caughtUp.currentLsn ?? ''))
    await west.call('detach', { generation: 1, runId })
    const promotion = { generation: 1, runId, expectSystemIdentifier: system, deadlineMs: 20_000 }
    forkLsn = (await west.call('promote', promotion)).forkLsn

    await east.sql("insert into links select n, 'stranded' from generate_series(101, 110) n")
    await east.sql("update links set target = 'changed' where id <= 3")
    await east.sql('delete from links where id in (11, 12)')
    const session = await east.connect()
    await session.query('begin')
    await session.query("insert into clicks values (1, 'kept')")
    await session.query('savepoint nested')
    await session.query("insert into clicks values (2, 'kept too')")
    await session.query('release nested')
    await session.query('savepoint undone')
    await session.query("insert into clicks values (3, 'undone')")
    await session.query('rollback to undone')
    await session.query('commit')
    await session.query('begin')
    await session.query("insert into clicks select n, 'never' from generate_series(20, 40) n")
    await session.query('rollback')
    lastCommitBefore = Date.now()
    await session.query('begin')
    await session.query("insert into clicks values (99, 'open at the end')")
    await west.sql("insert into links values (500, 'new world')")

    expect(await east.call('fence', { ...promotion, expectSystemIdentifier: system, deadlineMs: 5_000 })).toMatchObject(
      { stopped: true },
    )
    await session.end()
    const stopped = await east.call('divergence', { forkLsn, forkTimeline: 1 })
    expect(stopped.complete).toBe(true)
    expect(stopped.tables.map((row) => row.table)).toEqual(['unknown'])

    await east.call('start', { generation: 1, runId })
    const found = await east.call('divergence', { forkLsn, forkTimeline: 1 })
    expect(found.tables).toEqual([
      { table: 'public.clicks', inserted: 2, updated: 0, deleted: 0 },
      { table: 'public.links', inserted: 10, updated: 3, deleted: 2 },
    ])
    expect(found).toMatchObject({ transactions: 4, complete: true, endLsn: stopped.endLsn })
    expect(found.bytes).toBeGreaterThan(0)
    const lastCommitAt = Date.parse(found.lastCommitAt ?? '')
    expect(Math.abs(lastCommitAt - lastCommitBefore)).toBeLessThan(2_000)
  })

  it('finds nothing where nothing diverged, and says when WAL is missing', async () => {
    const { endLsn } = await east.call('divergence', { forkLsn, forkTimeline: 1 })
    expect(await east.call('divergence', { forkLsn: endLsn, forkTimeline: 1 })).toMatchObject({
      transactions: 0,
      tables: [],
      bytes: 0,
      complete: true,
    })
    expect(await east.call('divergence', { forkLsn: '0/10', forkTimeline: 1 })).toMatchObject({ complete: false })
  })

  it('rejoins by rewind', async () => {
    const request = { ...upstream, generation: 2, runId, deadlineMs: 30_000 }
    expect((await refusal(east.call('rewind', request))).kind).toBe('refused')
    await east.call('stop', { generation: 2, runId, deadlineMs: 10_000 })
    await east.call('rewind', request)
    const seen = await east.until((now) => now.receiver?.status === 'streaming')
    expect(seen).toMatchObject({ role: 'standby', timeline: 2, fence: null, standbySignal: true, follows: upstream })
    expect((await east.call('rewind', request)).role).toBe('standby')
    await west.sql("insert into links values (501, 'after the rewind')")
    const there = await west.observe()
    await east.until((now) => (now.replayedLsn ?? '') >= (there.currentLsn ?? ''))
    expect(await shape(east)).toEqual(await shape(west))
    expect((await west.observe()).slots.map((slot) => slot.name)).toContain('db_east_1')
    expect((await east.observe()).slots).toEqual([])
  })

  it('rejoins by a fresh copy, keeps the old directory, and copies once a run', async () => {
    const request = { ...upstream, generation: 3, runId: 'run-copy', deadlineMs: 60_000 }
    await east.call('baseCopy', request)
    const seen = await east.until((now) => now.receiver?.status === 'streaming')
    expect(seen).toMatchObject({ role: 'standby', timeline: 2, standbySignal: true, follows: upstream })
    await east.call('baseCopy', { ...request, generation: 4 })
    const kept = (await readdir(east.machine)).filter((name) => name.startsWith('data.kept-'))
    expect(kept).toHaveLength(1)
    expect(await shape(east)).toEqual(await shape(west))
  })

  it('can be promoted in its turn', async () => {
    const request = { generation: 5, runId: 'run-back', expectSystemIdentifier: system, deadlineMs: 20_000 }
    expect(await west.call('fence', request)).toMatchObject({ stopped: true, how: 'fast' })
    expect(await east.call('promote', request)).toMatchObject({ timeline: 3, already: false })
    await east.sql("insert into links values (600, 'back')")
  })
})
