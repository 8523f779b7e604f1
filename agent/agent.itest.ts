import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '@/lab/testing'
import { createChangeTracker } from '@/server/domain/anomaly/bulk-changes'
import { type Bench, closeBench, openBench, openPair, refusal, type TestHost } from './test-bench'

let bench: Bench
let east: TestHost
let west: TestHost
let system: string
const runId = 'run-1'

beforeAll(async () => {
  bench = await openBench()
  ;[east, west] = await openPair(bench)
  system = (await east.observe()).systemIdentifier ?? ''
  await east.sql('create table links (id bigint primary key, target text not null)')
})
afterAll(() => closeBench(bench))

/** Whatever a session may set, the server must not take a write. */
async function expectNoWay(host: TestHost): Promise<void> {
  const client = await host.connect()
  try {
    await client.query('set default_transaction_read_only = off')
    await expect(client.query("insert into links values (-1, 'x')")).rejects.toThrow(/read-only/)
    await expect(client.query('begin read write')).rejects.toThrow(/recovery/)
    await client.query('rollback')
    await client.query('begin')
    await expect(client.query('set transaction read write')).rejects.toThrow(/recovery/)
  } finally {
    await client.end()
  }
}

const assertEast = (generation: number, timeline = 1) =>
  east.call('assertWriter', { generation, writerServerId: 'db-east-1', timeline, systemIdentifier: system })

describe('the wire', () => {
  it('answers livez to everyone and operations to the token only', async () => {
    const livez = await fetch(`http://${east.address}:15433/livez`)
    expect(livez.status).toBe(200)
    for (const authorization of ['', 'Bearer wrong', 'Bearer test-token-of-the-agent']) {
      const answer = await east.post('observe', '{}', authorization)
      expect(answer.status).toBe(401)
      expect((await answer.json()).error.kind).toBe('unauthorised')
    }
  })

  it('says what is malformed and does nothing', async () => {
    const big = JSON.stringify({ echo: 'x'.repeat(70_000) })
    const bad = [
      ['observe', '{'],
      ['observe', big],
      ['erase', '{}'],
      ['stop', '{"generation":-1}'],
      ['stop', '[]'],
    ]
    for (const [operation = '', body = ''] of bad) {
      const answer = await east.post(operation, body)
      expect(answer.status, operation + body.slice(0, 20)).toBe(400)
      expect((await answer.json()).error.kind).toBe('invalid')
    }
    expect((await east.observe()).role).toBe('primary')
  })

  it('tells what the guard needs: rows that changed, on the primary alone, and the room that is left', async () => {
    const guard = createChangeTracker({ rows: 1_000, windowMs: 60_000, ignoreTables: [] })
    await east.sql("insert into links select n, 'before' from generate_series(100001, 102500) n")
    const seen = async () => {
      const facts = await east.observe()
      return { facts, told: guard.take(facts, Date.parse(facts.observedAt)) }
    }
    // Counters reach the statistics up to a second after the commit.
    await eventually('the table to be counted', async () =>
      (await seen()).facts.changes?.tables.some(({ table }) => table === 'public.links'),
    )
    await east.sql("update links set target = 'ordinary' where id between 100001 and 100900")
    const before = await eventually('an ordinary update to be counted', async () => {
      const { facts, told } = await seen()
      expect(told).toEqual([])
      const count = facts.changes?.tables.find(({ table }) => table === 'public.links')?.changed ?? 0
      return count >= 900 ? new Date().toISOString() : null
    })
    await east.sql("update links set target = 'bulk' where id > 100000")
    const [change] = await eventually('the bulk update to be noticed', async () => {
      const { told } = await seen()
      return told.length > 0 ? told : null
    })
    expect(change).toMatchObject({ table: 'public.links', rows: 3_400 })
    expect(Date.parse(change?.at ?? '')).toBeLessThanOrEqual(Date.parse(before))
    const standby = await west.observe()
    expect(standby.changes).toBeNull()
    expect(standby.disk?.freeBytes).toBeGreaterThan(0)
    await east.sql('delete from links where id > 100000')
  })

  it('keeps secrets out of logs, settings and process arguments', async () => {
    const texts = await Promise.all([
      readFile(join(east.machine, 'agent.log'), 'utf8'),
      readFile(join(west.machine, 'agent.log'), 'utf8'),
      readFile(join(east.machine, 'agent', 'postgres.log'), 'utf8'),
      readFile(join(west.dataDirectory, 'lifeboat.conf'), 'utf8'),
    ])
    for (const secret of ['test-token-of-the-agents', "super'secret", 'repl:icat', 'repl\\:icat', 'mon-itor']) {
      for (const text of texts) expect(text).not.toContain(secret)
    }
  })
})

describe('fencing', () => {
  it('refuses another system without obeying its generation, and a stale generation before anything else', async () => {
    const other = await refusal(
      east.call('fence', { generation: 3, runId, expectSystemIdentifier: '1', deadlineMs: 5_000 }),
    )
    expect(other).toMatchObject({ status: 422, kind: 'refused' })
    expect((await east.observe()).newestGeneration).toBe(0)
    expect(await assertEast(5)).toEqual({ role: 'primary', changed: false })
    const stale = await refusal(
      east.call('fence', { generation: 4, runId, expectSystemIdentifier: '1', deadlineMs: 5_000 }),
    )
    expect(stale).toMatchObject({ status: 409, kind: 'stale-generation', newestGeneration: 5 })
    expect((await east.observe()).role).toBe('primary')
  })

  it('stops in order, leaves the signal, and may be repeated', async () => {
    const request = { generation: 6, runId, expectSystemIdentifier: system, deadlineMs: 10_000 }
    expect(await east.call('fence', request)).toMatchObject({
      stopped: true,
      standbySignal: true,
      how: 'fast',
      control: { state: 'shut down' },
    })
    expect(east.processes()).toEqual([])
    expect(await east.call('fence', request)).toMatchObject({ stopped: true, standbySignal: true, how: 'already' })
    expect((await east.observe()).fence).toMatchObject({ reason: 'run', generation: 6, runId })
  })

  it('survives a restart: read-only whatever a session sets, and the writer’s name alone does not lift it', async () => {
    await east.killEverything()
    await east.startAgent()
    const seen = await east.until((observation) => observation.state === 'running')
    expect(seen).toMatchObject({ role: 'standby', acceptsWrites: false, standbySignal: true, receiver: null })
    await expectNoWay(east)
    expect(await assertEast(6)).toEqual({ role: 'standby', changed: false })
    expect((await east.observe()).fence?.reason).toBe('run')
  })

  it('is lifted by unfence, on the same timeline, and the standby finds its primary again', async () => {
    const request = { generation: 7, runId, expectSystemIdentifier: system }
    expect(await east.call('unfence', request)).toMatchObject({ role: 'primary', timeline: 1, fence: null })
    expect(await east.call('unfence', request)).toMatchObject({ role: 'primary', timeline: 1, fence: null })
    await east.sql("insert into links values (1, 'one')")
    await west.until((observation) => observation.receiver?.status === 'streaming')
  })
})

describe('the guard at boot', () => {
  it('takes over a running primary without touching it', async () => {
    const pid = await east.postmasterPid()
    await east.endAgent('SIGKILL')
    await east.startAgent()
    const seen = await east.until((observation) => observation.acceptsWrites === true)
    expect(seen).toMatchObject({ role: 'primary', fence: null, standbySignal: false, newestGeneration: 7 })
    expect(await east.postmasterPid()).toBe(pid)
  })

  it('fences again what runs writable with a mark on disk, as after a fence that was cut off', async () => {
    await east.endAgent('SIGKILL')
    const path = join(east.machine, 'agent', 'state.json')
    const fence = { reason: 'run', generation: 7, runId, at: new Date().toISOString() }
    await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), fence }))
    await east.startAgent()
    const seen = await east.until((observation) => observation.state === 'stopped')
    expect(seen).toMatchObject({ standbySignal: true, fence: { reason: 'run' } })
    await east.call('unfence', { generation: 7, runId, expectSystemIdentifier: system })
  })

  it('brings a killed primary up read-only until it hears that it still is the writer', async () => {
    await east.sql("insert into links values (2, 'two')")
    await east.killEverything()
    await east.startAgent()
    const seen = await east.until((observation) => observation.state === 'running')
    expect(seen).toMatchObject({ role: 'standby', standbySignal: true, fence: { reason: 'boot-guard' } })
    await expectNoWay(east)
    expect(await refusal(assertEast(6))).toMatchObject({ kind: 'stale-generation', newestGeneration: 7 })
    expect(await refusal(assertEast(7, 2))).toMatchObject({ kind: 'refused' })
    expect((await east.observe()).role).toBe('standby')
    expect(await assertEast(7)).toEqual({ role: 'primary', changed: true })
    expect(await assertEast(7)).toEqual({ role: 'primary', changed: false })
    expect(await east.observe()).toMatchObject({ timeline: 1, fence: null, standbySignal: false })
    expect(await east.sql('select id::int from links order by id')).toEqual([{ id: 1 }, { id: 2 }])
    await east.sql("insert into links values (3, 'three')")
  })

  it('starts over a pid file whose number belongs to another server by now', async () => {
    await east.killEverything()
    const path = join(east.dataDirectory, 'postmaster.pid')
    const [, ...rest] = (await readFile(path, 'utf8')).split('\n')
    await writeFile(path, [await west.postmasterPid(), ...rest].join('\n'))
    await east.startAgent()
    await east.until((observation) => observation.state === 'running')
    expect(await assertEast(7)).toEqual({ role: 'primary', changed: true })
    expect((await west.observe()).state).toBe('running')
  })

  it('restarts a server that died under it, read-only', async () => {
    process.kill(await east.postmasterPid(), 'SIGKILL')
    const seen = await east.until((observation) => observation.state === 'running' && observation.role === 'standby')
    expect(seen.fence?.reason).toBe('boot-guard')
    expect(await assertEast(7)).toEqual({ role: 'primary', changed: true })
  })

  it('stops and starts; start never makes a writable server', async () => {
    expect(await east.call('stop', { generation: 7, runId, deadlineMs: 10_000 })).toEqual({ stopped: true })
    expect((await east.observe()).state).toBe('stopped')
    expect(await east.call('start', { generation: 7, runId })).toMatchObject({ state: 'running', role: 'standby' })
    await expectNoWay(east)
    expect(await assertEast(8)).toEqual({ role: 'primary', changed: true })
    await west.until((observation) => observation.receiver?.status === 'streaming')
  })
})

describe('following and promotion', () => {
  const upstream = { host: 'east.lab', port: 15432, slot: 'db_west_1' }
  const promotion = () => ({ generation: 9, runId, expectSystemIdentifier: system, deadlineMs: 20_000 })

  it('detaches so that the upstream loses sight, and follows again', async () => {
    const { receivedLsn } = await west.call('detach', { generation: 8, runId })
    expect(receivedLsn).toMatch(/\//)
    expect(await west.observe()).toMatchObject({ follows: null, receiver: null, role: 'standby' })
    await east.until((observation) => observation.replication.length === 0)
    const request = { ...upstream, generation: 8, runId, expectSystemIdentifier: system }
    expect(await west.call('follow', request)).toEqual({ following: true })
    expect((await west.observe()).follows).toEqual(upstream)
  })

  it('hands no crafted name to PostgreSQL, and never turns a primary into a follower', async () => {
    const request = { ...upstream, generation: 8, runId, expectSystemIdentifier: system }
    for (const host of ["x' host='evil", 'x dbname=y', '-x', 'postgres://x', 'a\nb']) {
      expect((await refusal(west.call('follow', { ...request, host }))).kind).toBe('refused')
    }
    expect((await refusal(east.call('follow', request))).kind).toBe('refused')
    expect((await refusal(east.call('baseCopy', { ...request, deadlineMs: 5_000 }))).kind).toBe('refused')
    expect((await refusal(east.call('rewind', { ...request, deadlineMs: 5_000 }))).kind).toBe('refused')
    expect((await east.observe()).role).toBe('primary')
    expect((await west.observe()).follows).toEqual(upstream)
  })

  it('does not promote another system, a paused standby, or a primary that never was a standby', async () => {
    expect((await refusal(west.call('promote', { ...promotion(), expectSystemIdentifier: '1' }))).kind).toBe('refused')
    await west.sql('select pg_wal_replay_pause()')
    expect((await refusal(west.call('promote', promotion()))).kind).toBe('refused')
    await west.sql('select pg_wal_replay_resume()')
    expect((await refusal(east.call('promote', promotion()))).kind).toBe('refused')
    expect((await west.observe()).role).toBe('standby')
  })

  it('promotes once; asked again it says so', async () => {
    const fenced = await east.call('fence', promotion())
    const begun = performance.now()
    const first = await west.call('promote', promotion())
    console.log(`promotion took ${Math.round(performance.now() - begun)} ms`)
    expect(first).toMatchObject({ timeline: 2, already: false })
    expect(await west.call('promote', promotion())).toEqual({ ...first, already: true })
    await west.sql("insert into links values (4, 'four')")
    expect(await west.until((seen) => seen.acceptsWrites === true)).toMatchObject({ role: 'primary', timeline: 2 })
    expect(fenced.how).toBe('fast')
  })

  it('refuses to unfence a primary whose successor was promoted', async () => {
    const word = { generation: 9, writerServerId: 'db-west-1', timeline: 2, systemIdentifier: system }
    expect(await east.call('assertWriter', word)).toEqual({ role: null, changed: false })
    const request = { generation: 10, runId, expectSystemIdentifier: system }
    expect((await refusal(east.call('unfence', request))).kind).toBe('refused')
  })

  it('a promoted server that is killed comes back on its new timeline', async () => {
    await west.killEverything()
    await west.startAgent()
    await west.until((seen) => seen.state === 'running' && seen.role === 'standby')
    const word = { generation: 9, writerServerId: 'db-west-1', timeline: 2, systemIdentifier: system }
    expect(await west.call('assertWriter', word)).toEqual({ role: 'primary', changed: true })
    expect((await west.observe()).timeline).toBe(2)
    expect(await west.sql('select id::int from links order by id')).toHaveLength(4)
  })

  it('stops PostgreSQL in order when it is told to end', async () => {
    await west.endAgent('SIGTERM')
    expect(west.processes()).toEqual([])
  })
})
