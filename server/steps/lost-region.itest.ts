import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { JsonObject } from '@/server/domain/json'
import { openRegionPair, type RegionPair, untilSeen } from '@/server/testing/region-pair'
import { StepHarness } from '@/server/testing/step-harness'

const selfFenceMs = 4_000
let pair: RegionPair
let harness: StepHarness
let systemIdentifier: string
let ended: JsonObject
const followed = z.array(z.object({ host: z.string(), port: z.int(), slot: z.string() }))

beforeAll(async () => {
  pair = await openRegionPair(66, selfFenceMs)
  harness = new StepHarness(pair.service)
  systemIdentifier = (await pair.service.postgres('db-east-1').identify()).systemIdentifier
})
afterAll(() => pair?.close())

const east = () => ({ serverId: 'db-east-1', systemIdentifier, region: 'us-east' })
const selfFence = () => ({
  ...east(),
  standbys: [{ serverId: 'db-west-1', follows: null }],
  selfFenceMs,
  lastHeardAt: null,
})
const powerOff = () => ({ ...east(), hostId: 'host-east' })
const verifyFence = (method: string, fenceStepKey: string) => ({ ...east(), method, hostId: 'host-east', fenceStepKey })
const cutOff = () => pair.point('db-east-1.lab', '127.66.9.9')
const heal = () => pair.point('db-east-1.lab', '127.66.1.11')

/** A user's session with the old primary, opened before anything happened, past every name that the worker uses. */
async function openSession(): Promise<Client> {
  const client = new Client({
    host: '127.66.1.11',
    port: 15432,
    user: 'lifeboat',
    password: 'm-o',
    database: 'shortener',
    query_timeout: 1_000,
  })
  client.on('error', () => undefined)
  await client.connect()
  return client
}
const write = (client: Client) => client.query("INSERT INTO lifeboat.probe (note) VALUES ('a user')")

describe('a primary that is cut off', () => {
  it('is not left to itself while its agent answers', async () => {
    await expect(harness.run('agent.await-self-fence', selfFence())).rejects.toThrow('fences through it')
  })

  it('is followed again when the wait is taken back before its end', async () => {
    cutOff()
    const waiting = await harness.step('agent.await-self-fence').run(harness.context(), selfFence())
    expect(waiting).toMatchObject({
      kind: 'wait',
      progress: expect.stringContaining('until db-east-1 has fenced itself'),
    })
    await untilSeen(pair.service, 'db-west-1', (seen) => seen.follows === null && seen.receiver === null)
    heal()
    await harness.compensate('agent.await-self-fence', selfFence(), null)
    await harness.compensate('agent.await-self-fence', selfFence(), null)
    await untilSeen(pair.service, 'db-west-1', (seen) => seen.receiver?.status === 'streaming')
    await untilSeen(pair.service, 'db-east-1', (seen) => seen.acceptsWrites === true)
  })

  it('waits on from the last time that anybody heard it', async () => {
    cutOff()
    const heard = new Date(Date.now() + 60_000).toISOString()
    harness.observations = {
      latest: async () => [
        { vantage: 'vantage-b', ok: true, failure: null, observedAt: heard, intervalMs: 1_000, facts: null },
      ],
    }
    const waiting = await harness.step('agent.await-self-fence').run(harness.context(), selfFence())
    expect(waiting).toMatchObject({ kind: 'wait', progress: expect.stringMatching(/^6\d s until/) })
    harness.observations = { latest: async () => [] }
  })

  it('has stopped itself when its time is over, although nobody can reach it', async () => {
    const session = await openSession()
    await write(session)
    const startedAt = Date.now()
    const [output] = await harness.twice('agent.await-self-fence', selfFence())
    expect(output).toMatchObject({ by: 'time', standbyServerIds: ['db-west-1'] })
    expect(Date.now() - startedAt).toBeGreaterThan(selfFenceMs)
    await expect(write(session)).rejects.toThrow()
    const [evidence] = await harness.twice('postgres.verify-fence', verifyFence('self-fence', 'agent.await-self-fence'))
    expect(JSON.stringify(evidence.facts)).toContain('detached, receives nothing')
    await session.end().catch(() => undefined)
  })

  it('ends the wait early when its agent comes back and says stopped', async () => {
    heal()
    ended = await harness.run('agent.await-self-fence', selfFence())
    expect(ended).toMatchObject({ by: 'stopped', detached: [{ serverId: 'db-west-1', slot: 'db_west_1' }] })
    await harness.run('postgres.verify-fence', verifyFence('self-fence', 'agent.await-self-fence'))
  })

  it('is brought back: unfenced, and followed', async () => {
    const fence = { ...east(), fenceDeadlineMs: 5_000 }
    await harness.compensate('agent.fence-primary', fence, null)
    // As a worker that comes after the one that detached it: all it has is the plan.
    const [follows] = followed.parse(ended.detached)
    const standbys = [{ serverId: 'db-west-1', follows: follows ?? null }]
    await harness.compensate('agent.await-self-fence', { ...selfFence(), standbys }, null)
    await untilSeen(pair.service, 'db-west-1', (seen) => seen.receiver?.status === 'streaming')
  })
})

describe('a primary that is frozen, with sessions that go on writing', () => {
  it('is not called fenced before its power is cut, and is afterwards', async () => {
    const session = await openSession()
    await pair.fault('freeze', 'us-east', { grey: true })
    await write(session)
    harness.outputs.early = { hostId: 'host-east' }
    const early = harness.step('postgres.verify-fence').run(harness.context(), verifyFence('platform', 'early'))
    await expect(early).rejects.toThrow('is running, not stopped')
    await write(session)
    const [first] = await harness.twice('platform.power-off-primary', powerOff())
    expect(first).toMatchObject({ hostId: 'host-east', state: 'stopped' })
    await expect(write(session)).rejects.toThrow()
    const [evidence] = await harness.twice(
      'postgres.verify-fence',
      verifyFence('platform', 'platform.power-off-primary'),
    )
    expect(JSON.stringify(evidence.facts)).toContain('platform: host host-east')
    await session.end().catch(() => undefined)
  })

  it('gets its power back, twice', async () => {
    await harness.compensate('platform.power-off-primary', powerOff(), null)
    await harness.compensate('platform.power-off-primary', powerOff(), null)
    const back = await untilSeen(pair.service, 'db-east-1', (seen) => seen.state === 'running')
    expect(back.role).toBe('standby')
  })

  it('is not powered off for the plan of another system', async () => {
    const other = { ...powerOff(), systemIdentifier: '1' }
    await expect(harness.run('platform.power-off-primary', other)).rejects.toThrow('system identifier')
    expect((await pair.service.platform?.describeHost('host-east'))?.state).toBe('running')
  })

  it('asks the platform for nothing about a host that it does not know', async () => {
    const unknown = { ...powerOff(), hostId: 'host-nowhere' }
    await expect(harness.run('platform.power-off-primary', unknown)).rejects.toThrow('answered 404')
  })
})

describe('break-glass', () => {
  it('records what the old primary answered when it was accepted', async () => {
    const [evidence] = await harness.twice('operator.accept-unfenced', { ...east(), risk: 'Two primaries.' })
    expect(evidence).toMatchObject({
      method: 'accepted-risk',
      facts: [{ seen: 'Two primaries.' }, { seen: expect.stringContaining('refused') }],
    })
  })
})
