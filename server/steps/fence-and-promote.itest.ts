import { spawn } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '@/lab/testing'
import { StaleGeneration, Terminal, Unreachable } from '@/server/ports/errors'
import { asSuperuser, openRegionPair, type RegionPair, untilSeen } from '@/server/testing/region-pair'
import { StepHarness } from '@/server/testing/step-harness'

/** Each test goes on from where the one before left the pair: one failover, told in order. */
let pair: RegionPair
let harness: StepHarness
let systemIdentifier: string

beforeAll(async () => {
  pair = await openRegionPair(66, 600_000)
  harness = new StepHarness(pair.service)
  systemIdentifier = (await pair.service.postgres('db-east-1').identify()).systemIdentifier
})
afterAll(() => pair?.close())

const east = () => ({ serverId: 'db-east-1', systemIdentifier, region: 'us-east' })
const west = () => ({ serverId: 'db-west-1', systemIdentifier, region: 'us-west' })
const freeze = (timeline = 1, primaryLsn: string | null = null) => ({
  ...west(),
  timeline,
  primaryServerId: 'db-east-1',
  primaryLsn,
  primaryLsnAt: null,
})
const fence = () => ({ ...east(), fenceDeadlineMs: 5_000 })
const verifyFence = (method: string, fenceStepKey: string) => ({ ...east(), method, hostId: 'host-east', fenceStepKey })
const promote = () => ({
  ...west(),
  timeline: 1,
  host: 'db-west-1.lab',
  port: 15432,
  fencedServerId: 'db-east-1',
  evidenceStepKey: 'postgres.verify-fence',
  promoteDeadlineMs: 20_000,
})
const runOnly = (stepId: string, input: Parameters<StepHarness['run']>[1]) =>
  harness.step(stepId).run(harness.context(), input)

describe('PostgreSQL asked directly', () => {
  it('tells a primary from a standby', async () => {
    const [primary, standby] = await Promise.all(
      ['db-east-1', 'db-west-1'].map((id) => pair.service.postgres(id).identify()),
    )
    expect(primary).toMatchObject({ inRecovery: false, timeline: 1, receivedLsn: null })
    expect(primary?.currentLsn).toMatch(/^\w+\/\w+$/)
    expect(standby).toMatchObject({ systemIdentifier, inRecovery: true, timeline: 1, currentLsn: null })
    expect(standby?.receivedLsn).toMatch(/^\w+\/\w+$/)
  })

  it('proves a writable server, and that a standby refuses', async () => {
    const proof = await pair.service.postgres('db-east-1').proveWritable('a test')
    expect(proof.timeline).toBe(1)
    expect(proof.tookMs).toBeLessThan(3_000)
    expect(await pair.service.postgres('db-east-1').refusesWrites()).toBe(false)
    expect(await pair.service.postgres('db-west-1').refusesWrites()).toBe(true)
    await expect(pair.service.postgres('db-west-1').proveWritable('a test')).rejects.toBeInstanceOf(Terminal)
  })

  it('reads pairs with one statement that cannot write', async () => {
    const { readPairs } = pair.service.postgres('db-east-1')
    const text = "SELECT 'k' || n AS key, n AS value FROM generate_series(1, 100) n LIMIT $1"
    expect(await readPairs(text, 3)).toEqual([1, 2, 3].map((n) => ({ key: `k${n}`, value: `${n}` })))
    const writing =
      "WITH w AS (INSERT INTO lifeboat.probe (note) VALUES ('x') RETURNING id) SELECT id AS key, 1 AS value FROM w LIMIT $1"
    await expect(readPairs(writing, 1)).rejects.toThrow(/read-only/)
    await expect(readPairs('SELECT 1 AS key, 2 AS value LIMIT $1; COMMIT', 1)).rejects.toThrow(/multiple commands/)
    await expect(readPairs('SELECT 1 AS k LIMIT $1', 1)).rejects.toThrow(/"key" and "value"/)
  })
})

describe('before anything is fenced', () => {
  it('freezes the loss statement, twice, without calling the candidate caught up', async () => {
    const [unknown] = await harness.twice('postgres.freeze-loss-statement', freeze())
    expect(unknown).toMatchObject({ bytes: null, primaryLsn: null })
    const known = await harness.run('postgres.freeze-loss-statement', freeze(1, 'FF/0'))
    expect(known.bytes).toBeGreaterThan(2 ** 38)
  })

  it('freezes nothing for another timeline, another system or a server that is no standby', async () => {
    await expect(harness.run('postgres.freeze-loss-statement', freeze(2))).rejects.toThrow('is on timeline 1')
    await expect(harness.run('postgres.freeze-loss-statement', { ...freeze(), systemIdentifier: '1' })).rejects.toThrow(
      'system identifier',
    )
    await expect(harness.run('postgres.freeze-loss-statement', { ...freeze(), serverId: 'db-east-1' })).rejects.toThrow(
      'not a standby',
    )
  })

  it('does not promote without evidence, in the precheck and in the run itself', async () => {
    const findings = await harness.step('postgres.promote-candidate').precheck(harness.context(), promote())
    expect(findings).toMatchObject([{ code: 'fencing.no-evidence', severity: 'blocker' }])
    await expect(runOnly('postgres.promote-candidate', promote())).rejects.toThrow('was not promoted')
    harness.outputs['postgres.verify-fence'] = {
      method: 'agent',
      serverId: 'db-other',
      facts: [{ what: 'a', seen: 'b', at: 'c' }],
      provedAt: 'd',
    }
    await expect(runOnly('postgres.promote-candidate', promote())).rejects.toThrow('was not promoted')
    delete harness.outputs['postgres.verify-fence']
    expect((await pair.service.postgres('db-west-1').identify()).inRecovery).toBe(true)
  })

  it('does not call a running primary fenced, by any method', async () => {
    harness.outputs.fence = { how: 'fast' }
    await expect(runOnly('postgres.verify-fence', verifyFence('agent', 'fence'))).rejects.toBeInstanceOf(Terminal)
    await expect(runOnly('postgres.verify-fence', verifyFence('platform', 'fence'))).rejects.toBeInstanceOf(Terminal)
    await expect(runOnly('postgres.verify-fence', verifyFence('agent', 'not-done'))).rejects.toThrow(
      'not done in this run',
    )
    const past = new Date(0).toISOString()
    harness.outputs.waited = { by: 'time', standbyServerIds: [], blindSince: past, dueAt: past, endedAt: past }
    await expect(runOnly('postgres.verify-fence', verifyFence('self-fence', 'waited'))).rejects.toThrow(
      'still accepts writes',
    )
  })
})

describe('the agent fences', () => {
  it('refuses another system, and a generation older than one it has obeyed', async () => {
    await expect(harness.run('agent.fence-primary', { ...fence(), systemIdentifier: '1' })).rejects.toThrow(
      'system identifier',
    )
    expect(await pair.service.postgres('db-east-1').refusesWrites()).toBe(false)
  })

  it('twice, and takes it back, twice', async () => {
    harness.generation = 5
    const [first, second] = await harness.twice('agent.fence-primary', fence())
    expect(first).toMatchObject({ how: 'fast', stopped: true, standbySignal: true, controlState: 'shut down' })
    expect(second.how).toBe('already')
    await expect(pair.service.postgres('db-east-1').refusesWrites()).rejects.toBeInstanceOf(Unreachable)
    harness.generation = 4
    await expect(runOnly('agent.fence-primary', fence())).rejects.toMatchObject({ newestGeneration: 5 })
    await expect(runOnly('agent.fence-primary', fence())).rejects.toBeInstanceOf(StaleGeneration)
    harness.generation = 5
    await harness.compensate('agent.fence-primary', fence(), first)
    await harness.compensate('agent.fence-primary', fence(), null)
    expect(await pair.service.postgres('db-east-1').refusesWrites()).toBe(false)
  })

  it('and is believed only beside a server that is silent', async () => {
    await harness.run('agent.fence-primary', fence())
    const [evidence] = await harness.twice('postgres.verify-fence', verifyFence('agent', 'agent.fence-primary'))
    expect(evidence).toMatchObject({ method: 'agent', serverId: 'db-east-1' })
    expect(JSON.stringify(evidence.facts)).toContain('standby.signal in place')
    expect(JSON.stringify(evidence.facts)).toContain('got no answer')
  })
})

describe('promotion', () => {
  it('happens once, however often it is asked for', async () => {
    const [first, second] = await harness.twice('postgres.promote-candidate', promote())
    expect(first).toMatchObject({ timeline: 2, already: false })
    expect(second).toMatchObject({ timeline: 2, already: true, forkLsn: first.forkLsn })
  })

  it('is proved by a write on the new timeline, twice', async () => {
    const [proof] = await harness.twice('postgres.prove-writable', { ...west(), newerThanTimeline: 1 })
    expect(proof).toMatchObject({ serverId: 'db-west-1', region: 'us-west', timeline: 2 })
    await expect(harness.run('postgres.prove-writable', { ...west(), newerThanTimeline: 2 })).rejects.toThrow(
      "old primary's",
    )
  })

  it('is not proved while commits wait for a standby that is gone', async () => {
    const set = (value: string) => [
      `ALTER SYSTEM SET synchronous_standby_names = '${value}'`,
      'SELECT pg_reload_conf()',
    ]
    await asSuperuser('127.66.2.11', set('gone'))
    await expect(pair.service.postgres('db-west-1').proveWritable('hangs')).rejects.toThrow(
      "(synchronous_standby_names = 'gone')",
    )
    await asSuperuser('127.66.2.11', set(''))
    await eventually('commits to end again', () =>
      pair.service
        .postgres('db-west-1')
        .proveWritable('again')
        .then(
          () => true,
          () => false,
        ),
    )
  })

  it('is followed by a warm cache, or by none where there is nothing to put into it', async () => {
    const flags = { '--bind': '127.66.2.13', '--port': '16379', '--save': '', '--appendonly': 'no' }
    const redis = spawn('redis-server', Object.entries(flags).flat(), { cwd: '/', stdio: 'ignore' })
    const ended = new Promise((resolve) => redis.once('exit', resolve))
    try {
      const cache = pair.service.cache('us-west')
      await eventually('Redis', () =>
        cache?.ping().then(
          () => true,
          () => false,
        ),
      )
      const query =
        "SELECT 'link:' || n AS key, 'https://example.com/' || n AS value FROM generate_series(1, 900) n LIMIT $1"
      const input = { region: 'us-west', serverId: 'db-west-1', query, limit: 500, ttlSeconds: 60 }
      const [output] = await harness.twice('cache.prewarm', input)
      expect(output.written).toBe(500)
      expect(await cache?.count(Array.from({ length: 500 }, (_, n) => `link:${n + 1}`))).toBe(500)
      const nothing = { ...input, query: "SELECT 'k' AS key, 'v' AS value WHERE $1 < 0" }
      expect(await harness.run('cache.prewarm', nothing)).toMatchObject({ written: 0 })
    } finally {
      redis.kill('SIGTERM')
      await ended
    }
  })

  it('leaves an old primary that comes back read-only', async () => {
    await pair.fault('kill', 'us-east')
    await pair.fault('restore', 'us-east')
    const back = await untilSeen(pair.service, 'db-east-1', (seen) => seen.state === 'running')
    expect(back).toMatchObject({ role: 'standby', standbySignal: true })
    expect(await pair.service.postgres('db-east-1').refusesWrites()).toBe(true)
  })
})
