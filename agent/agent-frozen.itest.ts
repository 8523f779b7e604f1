import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signal } from './processes'
import { type Bench, closeBench, eventually, openBench, openPair, refusal, type TestHost } from './test-bench'

/** The grey failure: a frozen postmaster lets nobody in, while the sessions that are open go on writing. */
let bench: Bench
let east: TestHost
let west: TestHost
let system: string
const runId = 'run-frozen'

beforeAll(async () => {
  bench = await openBench()
  ;[east, west] = await openPair(bench)
  system = (await east.observe()).systemIdentifier ?? ''
  await east.sql('create table writes (n bigint primary key)')
})
afterAll(() => closeBench(bench))

/** Writes as fast as it is acknowledged, and remembers the last acknowledgement. */
class Writer {
  acknowledged = 0
  ended = false

  constructor(
    private readonly client: pg.Client,
    private next: number,
  ) {}

  async run(): Promise<void> {
    try {
      for (;;) {
        await this.client.query('insert into writes values ($1)', [this.next])
        this.acknowledged = this.next
        this.next += 1
      }
    } catch {
      this.ended = true
    }
  }
}

const fenceEast = (generation: number) =>
  east.call('fence', { generation, runId, expectSystemIdentifier: system, deadlineMs: 3_000 })

async function expectAllAcknowledged(last: number): Promise<void> {
  await east.call('start', { generation: 9, runId })
  await east.until((seen) => seen.state === 'running')
  const [row] = await east.sql('select max(n)::int as last, count(*)::int as count from writes')
  // The kill may fall between a commit and its answer: that one write is in doubt, and may be there. None may be missing.
  expect(row?.count).toBe(row?.last)
  expect([last, last + 1]).toContain(row?.last)
  const client = await east.connect()
  await expect(client.query('insert into writes values (-1)')).rejects.toThrow(/read-only/)
  await client.end()
}

describe('a frozen primary', () => {
  it('is seen as unresponsive and still writing, and is caught by the fence', async () => {
    const writer = new Writer(await east.connect(), 1)
    const writing = writer.run()
    await eventually(() => writer.acknowledged > 10)
    const postmaster = await east.postmasterPid()
    signal(postmaster, 'SIGSTOP')
    const atFreeze = writer.acknowledged
    const seen = await east.observe()
    expect(seen).toMatchObject({ state: 'unresponsive', role: 'primary', acceptsWrites: true })
    await expect(east.connect()).rejects.toThrow()
    await eventually(() => writer.acknowledged > atFreeze + 10)

    const begun = performance.now()
    expect(await fenceEast(1)).toMatchObject({ stopped: true, standbySignal: true, how: 'killed' })
    expect(performance.now() - begun).toBeLessThan(3_500)
    expect(east.processes()).toEqual([])
    await writing
    expect(writer.ended).toBe(true)
    await expectAllAcknowledged(writer.acknowledged)
  })

  it('is caught with a single frozen session too', async () => {
    await east.call('unfence', { generation: 10, runId, expectSystemIdentifier: system })
    const [row] = await east.sql('select max(n)::int as last from writes')
    const client = await east.connect()
    const pid = Number((await client.query('select pg_backend_pid() as pid')).rows[0].pid)
    const writer = new Writer(client, Number(row?.last) + 1)
    const writing = writer.run()
    await eventually(() => writer.acknowledged > 10)
    signal(pid, 'SIGSTOP')
    expect(await fenceEast(11)).toMatchObject({ stopped: true, standbySignal: true, how: 'killed' })
    expect(east.processes()).toEqual([])
    await writing
  })

  it('is left alone by an agent that starts beside it, and still caught by the fence', async () => {
    await east.call('unfence', { generation: 12, runId, expectSystemIdentifier: system })
    const postmaster = await east.postmasterPid()
    const session = await east.connect()
    signal(postmaster, 'SIGSTOP')
    await east.endAgent('SIGKILL')
    await east.startAgent()
    // Without a mark, a silent primary is left alone: the agent cannot know better than the control plane.
    await east.until((seen) => seen.state === 'unresponsive')
    await session.query('insert into writes values (1000000)')
    expect(await fenceEast(13)).toMatchObject({ stopped: true, how: 'killed' })
    await expect(session.query('insert into writes values (1000001)')).rejects.toThrow()
    const stale = await refusal(east.call('start', { generation: 12, runId }))
    expect(stale.kind).toBe('stale-generation')
  })
})

describe('a standby beside a frozen region', () => {
  it('is promoted without waiting for the silent upstream', async () => {
    await east.call('unfence', { generation: 14, runId, expectSystemIdentifier: system })
    await west.until((seen) => seen.receiver?.status === 'streaming')
    for (const found of east.processes()) signal(found.pid, 'SIGSTOP')
    const begun = performance.now()
    const promotion = { generation: 15, runId, expectSystemIdentifier: system, deadlineMs: 20_000 }
    expect(await west.call('promote', promotion)).toMatchObject({ timeline: 2, already: false })
    const tookMs = performance.now() - begun
    console.log(`promotion beside a frozen primary took ${Math.round(tookMs)} ms`)
    expect(tookMs).toBeLessThan(2_000)
    await west.sql('insert into writes values (2000000)')
    expect(await fenceEast(15)).toMatchObject({ stopped: true, how: 'killed' })
  })
})
