import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Bench, closeBench, eventually, openBench, refusal, TestHost } from './test-bench'

/** A delayed standby in the west: it follows the primary in the east, and is rolled forward to the moment before a bad change. */
let bench: Bench
let east: TestHost
let late: TestHost
let system: string
const addresses = { 'east.lab': '127.85.1.11', 'late.lab': '127.85.2.15' }
const delayMs = 4_000
const run = { generation: 1, runId: 'run-forward' }

beforeAll(async () => {
  bench = await openBench()
  await writeFile(join(bench.directory, 'hosts.json'), JSON.stringify(addresses))
  east = new TestHost(bench, 'db-east-1', addresses['east.lab'], { initialRole: 'primary' })
  late = new TestHost(bench, 'db-west-2', addresses['late.lab'], {
    initialRole: 'standby',
    follow: { host: 'east.lab', port: 15432, slot: 'db_west_2' },
    applyDelayMs: delayMs,
  })
  await Promise.all([east.startAgent(), late.startAgent()])
  await east.until((seen) => seen.role === 'primary' && seen.acceptsWrites === true)
  await late.until((seen) => seen.receiver?.status === 'streaming')
  system = (await east.observe()).systemIdentifier ?? ''
  await east.sql('create table links (id int primary key)')
  await east.sql('create table untouched (id int primary key)')
})
afterAll(() => closeBench(bench))

const order = () => ({ ...run, expectSystemIdentifier: system })
const forward = (targetTime: string) => late.call('rollForward', { ...order(), targetTime, deadlineMs: 20_000 })
const ids = async (host: TestHost) => (await host.sql('select id from links order by id')).map((row) => row.id)
const received = async () => {
  const there = await east.observe()
  await late.until((seen) => (seen.receivedLsn ?? '') >= (there.currentLsn ?? ''))
}
/** @returns a moment after its commit, by the clock of the primary */
const write = async (id: number): Promise<string> => {
  await east.sql(`insert into links values (${id})`)
  await east.sql(`insert into untouched values (${id})`)
  const rows = await east.sql(
    `select to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at`,
  )
  return String(rows[0]?.at)
}

describe('a delayed standby', () => {
  it('receives at once and applies late', async () => {
    await write(1)
    const writtenAt = Date.now()
    await received()
    expect(Date.now() - writtenAt).toBeLessThan(delayMs)
    const before = await late.sql("select to_regclass('links') as links")
    if (before[0]?.links) expect(await ids(late)).toEqual([])
    await eventually(async () => {
      const [there] = await late.sql("select to_regclass('links') as links")
      return Boolean(there?.links) && (await ids(late)).includes(1)
    })
    expect(Date.now() - writtenAt).toBeGreaterThanOrEqual(delayMs - 250)
    expect(await late.observe()).toMatchObject({ role: 'standby', applyDelayMs: delayMs, replay: null })
  })

  it('lets a look be taken while it applies what would take the rows away that are looked at', async () => {
    await east.sql('create table churn as select n from generate_series(1, 1000) n')
    await eventually(async () => (await late.sql("select to_regclass('churn') as churn"))[0]?.churn !== null)
    const reader = await late.connect()
    try {
      await reader.query('begin isolation level repeatable read')
      expect((await reader.query('select count(*)::int as rows from churn')).rows).toEqual([{ rows: 1000 }])
      await east.sql('delete from churn')
      await east.sql('vacuum churn')
      await received()
      // Until it comes to the vacuum, and waits for the reader that is in its way.
      await eventually(async () => {
        const [row] = await late.sql("select wait_event from pg_stat_activity where backend_type = 'startup'")
        return row?.wait_event === 'RecoveryConflictSnapshot'
      })
      expect((await reader.query('select count(*)::int as rows from churn')).rows).toEqual([{ rows: 1000 }])
    } finally {
      await reader.end()
    }
    await late.until((seen) => seen.state === 'running' && seen.receiver?.status === 'streaming')
  })

  it('is not what a primary counts as the sight of a successor', async () => {
    await eventually(async () => (await east.observe()).replication.length === 1)
    const seen = await east.until(({ replication }) => replication[0]?.state === 'streaming')
    expect(seen.replication[0]?.applicationName).toBe('db-west-2.delayed')
    expect(seen.sight.standbySeenAt).toBeNull()
  })

  it('is held at once, and stays held when the machine loses power', async () => {
    await write(2)
    await received()
    const held = await late.call('holdReplay', order())
    expect(held.held).toBe(true)
    expect(await late.call('holdReplay', order())).toMatchObject({ held: true, replayedLsn: held.replayedLsn })
    expect((await late.observe()).replay).toEqual({ mode: 'held', runId: run.runId, targetTime: null })
    await late.killEverything()
    await late.startAgent()
    await late.until((seen) => seen.state === 'running')
    const heldAt = Date.now()
    await eventually(() => Date.now() - heldAt > delayMs + 1_000)
    // It begins again where it last wrote a restart point; what it holds back it holds back from there.
    const [there] = await late.sql("select to_regclass('links') as links")
    expect(there?.links ? await ids(late) : []).not.toContain(2)
    const promotion = await refusal(late.call('promote', { ...order(), deadlineMs: 5_000 }))
    expect(promotion).toMatchObject({ kind: 'refused', message: expect.stringContaining('held') })
    const other = await refusal(late.call('holdReplay', { ...order(), runId: 'another' }))
    expect(other.message).toContain(run.runId)
    const follow = { ...order(), host: 'east.lab', port: 15432, slot: 'db_west_2' }
    expect((await refusal(late.call('follow', follow))).kind).toBe('refused')
  })

  it('goes on as configured when it is let go', async () => {
    expect(await late.call('resumeReplay', order())).toEqual({ resumed: true })
    expect(await late.call('resumeReplay', order())).toEqual({ resumed: true })
    await eventually(async () => (await ids(late)).includes(2))
    expect((await late.observe()).replay).toBeNull()
  })
})

describe('rolling forward', () => {
  let moment: string

  it('refuses a moment that it has applied already, with the arithmetic', async () => {
    const past = await refusal(forward(new Date(Date.now() - 60_000).toISOString()))
    expect(past).toMatchObject({ kind: 'refused', message: expect.stringContaining('already applied up to') })
    expect((await late.observe()).replay).toBeNull()
  })

  it('stops between two writes, read-only, and an agent that died on the way takes it up again', async () => {
    await write(3)
    moment = await write(4)
    await east.sql('drop table links')
    await east.sql('create table wreck (id int)')
    await received()
    await late.call('holdReplay', order())
    // Cut off wherever it is: power goes while the call is under way.
    const cut = forward(moment).catch(() => undefined)
    await late.until((seen) => seen.replay?.mode === 'target')
    await late.killEverything()
    await cut
    await late.startAgent()
    await late.until((seen) => seen.state === 'running')
    expect(await forward(moment)).toMatchObject({ reached: true })
    const again = await forward(moment)
    expect(again.reached).toBe(true)
    expect(Date.parse(again.appliedUpTo ?? '')).toBeLessThan(Date.parse(moment))
    expect(await late.sql('select id from untouched order by id')).toEqual([1, 2, 3, 4].map((id) => ({ id })))
    // The drop has begun in what was applied, and holds its lock; it has not happened: the table is there.
    const table = await late.sql("select relname, relfilenode > 0 as filed from pg_class where relname = 'links'")
    expect(table).toEqual([{ relname: 'links', filed: true }])
    await expect(late.sql("set lock_timeout = '200ms'; select * from links")).rejects.toThrow(/lock timeout/)
    expect(await late.sql("select to_regclass('wreck') as wreck")).toEqual([{ wreck: null }])
    expect(await late.observe()).toMatchObject({ role: 'standby', replayPaused: true })
  })

  it('goes back to following, and would then apply the bad change after its delay', async () => {
    expect(await late.call('resumeReplay', order())).toEqual({ resumed: true })
    expect(await readFile(join(late.dataDirectory, 'lifeboat.conf'), 'utf8')).not.toContain('recovery_target_time')
    await eventually(async () => (await late.sql("select to_regclass('wreck') as wreck"))[0]?.wreck !== null)
    await late.until((seen) => seen.receiver?.status === 'streaming' && seen.replayPaused === false)
  })

  it('is promoted from the moment where it stands, on a timeline of its own', async () => {
    await east.sql('create table links (id int primary key)')
    await write(11)
    const target = await write(12)
    await east.sql('drop table links')
    await received()
    await late.call('holdReplay', order())
    expect(await forward(target)).toMatchObject({ reached: true })
    await east.call('fence', { ...order(), deadlineMs: 10_000 })
    expect(await late.call('promote', { ...order(), deadlineMs: 20_000 })).toMatchObject({
      timeline: 2,
      already: false,
    })
    expect(await late.call('promote', { ...order(), deadlineMs: 20_000 })).toMatchObject({ timeline: 2, already: true })
    expect(await ids(late)).toEqual([11, 12])
    await late.sql('insert into links values (13)')
    const seen = await late.until((now) => now.role === 'primary' && now.acceptsWrites === true)
    expect(seen).toMatchObject({ replay: null, standbySignal: false, timeline: 2 })
    expect(await readFile(join(late.dataDirectory, 'lifeboat.conf'), 'utf8')).not.toContain('recovery_target_time')
    expect(await refusal(late.call('resumeReplay', order()))).toMatchObject({ kind: 'refused' })
  })
})
