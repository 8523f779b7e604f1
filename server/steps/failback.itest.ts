import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keepOutput, rebuildOutput } from '@/server/domain/plan/failback-steps'
import { slotOf } from '@/server/domain/plan/rejoin-steps'
import { asSuperuser, openRegionPair, query, type RegionPair, untilSeen } from '@/server/testing/region-pair'
import { StepHarness } from '@/server/testing/step-harness'

/** A primary that died with rows of its own, its successor promoted, and the way back: on real servers, with real WAL. */
const net = 82
const east = `127.${net}.1.11`
const west = `127.${net}.2.11`
let pair: RegionPair
let harness: StepHarness
let system: string

beforeAll(async () => {
  pair = await openRegionPair(net, 600_000)
  harness = new StepHarness(pair.service)
  system = (await pair.service.postgres('db-east-1').identify()).systemIdentifier
  await asSuperuser(east, [
    'create table links (id bigint primary key, code text not null unique, url text not null, at timestamptz not null default now())',
    'create table notes (note text)',
    "insert into links select n, 'c' || n, 'https://example.com/' || n from generate_series(1, 5000) n",
  ])
}, 120_000)
afterAll(() => pair?.close())

const server = () => ({ serverId: 'db-east-1', systemIdentifier: system })
const upstream = () => ({
  ...{ upstreamServerId: 'db-west-1', upstreamHost: 'db-west-1.lab', upstreamPort: 15432, slot: slotOf('db-east-1') },
})

/** Cuts the standby off, promotes it, lets the old primary write on, and has it come back as after a power cut. */
async function diverge(generation: number, write: string[]): Promise<{ forkLsn: string; forkTimeline: number }> {
  harness.generation = generation
  const agents = { east: pair.service.agent('db-east-1'), west: pair.service.agent('db-west-1') }
  const runId = `diverge-${generation}`
  const { currentLsn, timeline } = await pair.service.postgres('db-east-1').identify()
  await untilSeen(pair.service, 'db-west-1', (seen) => (seen.replayedLsn ?? '') >= (currentLsn ?? ''))
  await agents.west.call('detach', { generation, runId })
  const { forkLsn } = await agents.west.call('promote', {
    ...{ generation, runId, expectSystemIdentifier: system, deadlineMs: 30_000 },
  })
  await asSuperuser(east, write)
  await pair.fault('kill', 'us-east')
  return { forkLsn, forkTimeline: timeline }
}

describe('a region that comes back', () => {
  let fork: { forkLsn: string; forkTimeline: number }
  let written: { id: string; code: string; url: string }[]

  it('is started by the platform, and held out', async () => {
    fork = await diverge(1, [
      "insert into links select n, 's' || n, 'https://stranded.example/' || n from generate_series(900719925474099301, 900719925474099320) n",
      "update links set url = 'https://changed.example' where id <= 3",
      'delete from links where id in (11, 12)',
      'insert into notes values (\'a "quoted", one\'), (null)',
      "begin; insert into links values (77777777, 'never', 'x'); rollback",
    ])
    await asSuperuser(west, ["insert into links select n, 'w' || n, 'x' from generate_series(6001, 6100) n"])
    const input = { ...server(), region: 'us-east', hostId: 'host-east' }
    // Its agent answers before PostgreSQL is up; a primary it never is.
    for (const output of await harness.twice('platform.power-on-host', input)) {
      expect(output).not.toMatchObject({ role: 'primary' })
    }
    const seen = await untilSeen(pair.service, 'db-east-1', (now) => now.role === 'standby')
    expect(seen.fence?.reason).toBe('boot-guard')
    written = await query(
      east,
      "select id::text, code, url from links where id > 7000 or url = 'https://changed.example' order by links.id",
    )
    expect(written).toHaveLength(23)
  })

  it('refuses to be rewound before its rows are kept', async () => {
    const input = { ...server(), ...upstream(), region: 'us-east', evidenceStepKey: 'agent.keep-divergence' }
    const rebuild = harness.step('agent.rebuild-standby')
    const given = { ...input, rebuildDeadlineMs: 60_000 }
    expect(await rebuild.precheck(harness.context(), given)).toMatchObject([{ code: 'divergence.not-kept' }])
    await expect(rebuild.run(harness.context(), given)).rejects.toThrow('nothing was rewound')
  })

  it('has every row that only it has written down, equal to what was written', async () => {
    const input = { ...server(), region: 'us-east', incidentId: null, ...fork, rowsPerTable: 10_000 }
    const [first, second] = (await harness.twice('agent.keep-divergence', input)).map((each) => keepOutput.parse(each))
    expect(second).toEqual(first)
    expect(first).toMatchObject({ whole: true, rows: 25, transactions: 4 })
    expect(
      first?.tables.map(({ table, inserted, updated, deleted, kept, key }) => ({
        table,
        inserted,
        updated,
        deleted,
        kept,
        key,
      })),
    ).toEqual([
      { table: 'public.links', inserted: 20, updated: 3, deleted: 2, kept: 23, key: ['id'] },
      { table: 'public.notes', inserted: 2, updated: 0, deleted: 0, kept: 2, key: [] },
    ])
    const rows = harness.divergences.rowsOf(first?.divergenceId ?? '')
    const links = rows.flatMap(({ table, row }) => (table === 'public.links' && row ? [row] : []))
    const byId = links
      .map(({ id, code, url }) => ({ id, code, url }))
      .sort((a, b) => Number(BigInt(a.id ?? 0) - BigInt(b.id ?? 0)))
    expect(byId).toEqual(written)
    expect(rows.filter((each) => each.table === 'public.notes').map((each) => each.row)).toEqual([
      { note: 'a "quoted", one' },
      { note: null },
    ])
    expect(rows.filter((each) => each.op === 'update')).toHaveLength(3)
  })

  it('is rewound, rejoins, catches up, and compares equal while the writer takes writes', async () => {
    const input = { ...server(), ...upstream(), region: 'us-east', evidenceStepKey: 'agent.keep-divergence' }
    const [how, again] = await harness.twice('agent.rebuild-standby', { ...input, rebuildDeadlineMs: 60_000 })
    expect(rebuildOutput.parse(how)).toMatchObject({ how: 'rewind', reason: null })
    expect(rebuildOutput.parse(again)).toMatchObject({ how: 'already' })
    await harness.run('agent.rejoin-standby', { ...server(), ...upstream(), region: 'us-east' }, 60_000)
    const lag = { ...server(), primaryServerId: 'db-west-1', maxLagSeconds: 5 }
    await harness.run('postgres.await-catch-up', lag, 60_000)
    const compare = { ...server(), primaryServerId: 'db-west-1', maxTableBytes: 2 ** 30, timeLimitMs: 60_000 }
    const users = keepWriting()
    const output = await harness.run('postgres.compare-tables', compare, 60_000).finally(users.stop)
    expect(users.written).toBeGreaterThan(0)
    expect(output).toMatchObject({
      tables: [
        { table: 'public.links', verdict: 'equal' },
        { table: 'public.notes', verdict: 'equal', rows: 0 },
      ],
    })
  })

  it('says of a table that is too large that it was not compared', async () => {
    const compare = { ...server(), primaryServerId: 'db-west-1', maxTableBytes: 8192, timeLimitMs: 60_000 }
    const output = await harness.run('postgres.compare-tables', compare, 60_000)
    expect(output).toMatchObject({ tables: [{ table: 'public.links', verdict: 'not-compared', rows: null }, {}] })
  })
})

describe('a server that is not what it should be', () => {
  let fork: { forkLsn: string; forkTimeline: number }
  const compare = () => ({ ...server(), primaryServerId: 'db-west-1', maxTableBytes: 2 ** 30, timeLimitMs: 60_000 })

  it('is found different, table by table', async () => {
    const agent = pair.service.agent('db-east-1')
    const order = { generation: 2, runId: 'apart', expectSystemIdentifier: system, deadlineMs: 30_000 }
    harness.generation = 2
    await agent.call('detach', order)
    const { forkLsn, timeline } = await agent.call('promote', order)
    fork = { forkLsn, forkTimeline: timeline }
    await asSuperuser(east, [
      "update links set url = 'https://planted.example' where id in (100, 200)",
      'delete from links where id = 300',
      "insert into notes select repeat('x', 1000) || n from generate_series(1, 20000) n",
    ])
    // As many transactions on the writer as on the other, so that what only the other has cannot look as if it were to come.
    for (let n = 0; n < 20; n += 1)
      await asSuperuser(west, [`insert into links values (${2_000_000 + n}, 'later${n}', 'x')`])
    await agent.call('fence', order)
    await agent.call('start', order)
    await untilSeen(pair.service, 'db-east-1', (seen) => seen.role === 'standby')
    const step = harness.step('postgres.compare-tables')
    const told = await step.run(harness.context(), compare()).then(
      () => 'equal',
      (error: unknown) => String(error),
    )
    expect(told).toContain('db-east-1 is not equal to db-west-1')
    expect(told).toMatch(/public\.links: 0 rows differ, \d+ are missing, 2 are too many/)
    expect(told).toContain('public.notes')
  }, 120_000)

  it('is replaced by a base copy when not every row could be kept, and its old directory stays', async () => {
    const keep = { ...server(), region: 'us-east', incidentId: null, ...fork, rowsPerTable: 5 }
    const kept = keepOutput.parse(await harness.run('agent.keep-divergence', keep, 60_000))
    expect(kept).toMatchObject({ whole: false, rows: 7 })
    expect(kept.tables.find((each) => each.table === 'public.notes')).toMatchObject({
      kept: 5,
      cut: true,
      inserted: 20_000,
    })
    const input = { ...server(), ...upstream(), region: 'us-east', evidenceStepKey: 'agent.keep-divergence' }
    const how = await harness.run('agent.rebuild-standby', { ...input, rebuildDeadlineMs: 120_000 }, 120_000)
    expect(rebuildOutput.parse(how)).toMatchObject({ how: 'base-copy', reason: expect.stringContaining('kept beside') })
    const directory = await query<{ path: string }>(east, 'show data_directory').then(
      ([row]) => Object.values(row ?? {})[0] ?? '',
    )
    const beside = readdirSync(dirname(directory)).filter((name) => name.includes('.kept-'))
    expect(beside).toEqual([expect.stringMatching(/^data\.kept-unrecorded-/)])
    expect(readdirSync(join(dirname(directory), beside[0] ?? ''))).toContain('PG_VERSION')
    await harness.run('agent.rejoin-standby', { ...server(), ...upstream(), region: 'us-east' }, 60_000)
    expect(await harness.run('postgres.compare-tables', compare(), 60_000)).toMatchObject({
      tables: [{ verdict: 'equal' }, { verdict: 'equal' }],
    })
  })

  it('keeps the newest directory whose rows are recorded, and every one that may be the only copy', async () => {
    for (const runId of ['again-1', 'again-2']) {
      const { upstreamHost: host, upstreamPort: port, slot } = upstream()
      const request = { generation: 3, runId, host, port, slot, deadlineMs: 60_000, recorded: true }
      await pair.service.agent('db-east-1').call('baseCopy', request)
      await untilSeen(pair.service, 'db-east-1', (seen) => seen.receiver?.status === 'streaming')
    }
    const [row] = await query<object>(east, 'show data_directory')
    const beside = readdirSync(dirname(String(Object.values(row ?? {})[0]))).filter((name) => name.includes('.kept-'))
    expect(beside.sort()).toEqual([
      expect.stringMatching(/^data\.kept-\d{8}T/),
      expect.stringMatching(/^data\.kept-unrecorded-/),
    ])
  })
})

/** Changes rows all the time, as users do, until it is told to stop. */
function keepWriting(): { written: number; stop(): Promise<void> } {
  let going = true
  const users = { written: 0, stop: async () => undefined }
  const work = (async () => {
    while (going) {
      await asSuperuser(west, [
        "update links set url = 'https://now.example/' || random() where id in (select id from links order by random() limit 20)",
        "insert into links select 1000000 + (random() * 1e12)::bigint, 'u' || random(), 'x' from generate_series(1, 5)",
        'delete from links where id in (select id from links where id between 1000 and 4000 order by random() limit 2)',
      ])
      users.written += 1
    }
  })()
  return Object.assign(users, {
    stop: async () => {
      going = false
      await work
    },
  })
}
