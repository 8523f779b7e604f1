import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '@/lab/testing'
import type { JsonObject } from '@/server/domain/json'
import { Transient, Unreachable } from '@/server/ports/errors'
import type { ManagedService } from '@/server/ports/managed'
import { asSuperuser, openRegionPair, type RegionPair, untilSeen } from '@/server/testing/region-pair'
import { StepHarness } from '@/server/testing/step-harness'
import { startWriters, type Writers } from '@/server/testing/writers'
import { NotVerified } from './step'

/** Each test goes on from where the one before left the pair: planned handovers, told in order, with clients writing all along. */
const net = 81
const sides = {
  east: { serverId: 'db-east-1', region: 'us-east', address: `127.${net}.1.11` },
  west: { serverId: 'db-west-1', region: 'us-west', address: `127.${net}.2.11` },
} as const
type Side = (typeof sides)[keyof typeof sides]
const app = { user: 'app', password: 'a-p-p', database: 'shortener', port: 15432 }

let pair: RegionPair
let writers: Writers
let systemIdentifier: string
let generation = 10

beforeAll(async () => {
  pair = await openRegionPair(net, 600_000)
  systemIdentifier = (await pair.service.postgres('db-east-1').identify()).systemIdentifier
  await asSuperuser(sides.east.address, [
    "CREATE ROLE app LOGIN PASSWORD 'a-p-p'",
    'CREATE TABLE ledger (id text PRIMARY KEY, server text NOT NULL)',
    'GRANT SELECT, INSERT ON ledger TO app',
  ])
  writers = startWriters({ ...app, addresses: [sides.east.address, sides.west.address] }, 4)
  await moreWrites()
})
afterAll(async () => {
  await writers?.stop()
  await pair?.close()
})

async function moreWrites(): Promise<void> {
  const before = writers.acknowledged.length
  await eventually('the writers to write', async () => writers.acknowledged.length > before + 20, 30_000)
}

/** Every acknowledged row has to be on the server that is asked. */
async function lostOn(side: Side): Promise<string[]> {
  const wanted = [...writers.acknowledged]
  const client = new Client({ ...app, host: side.address })
  await client.connect()
  const { rows } = await client.query<{ id: string }>('SELECT id FROM ledger')
  await client.end()
  const there = new Set(rows.map((row) => row.id))
  return wanted.filter((id) => !there.has(id))
}

async function inputsFor(from: Side, to: Side, timeline: number) {
  const old = { serverId: from.serverId, systemIdentifier, region: from.region, timeline }
  const candidate = { candidateServerId: to.serverId }
  const successor = { serverId: to.serverId, systemIdentifier, region: to.region }
  const calm = { ...old, ...candidate, candidateHost: `${to.serverId}.lab`, candidatePort: 15432 }
  return {
    calm: { ...calm, maxLagBytes: 16_777_216, maxLagSeconds: 5 },
    checkpoint: { ...old, checkpointDeadlineMs: 30_000 },
    stop: {
      ...old,
      ...candidate,
      outputStepKey: 'agent.checkpoint-primary',
      markerWaitMs: 10_000,
      stopDeadlineMs: 20_000,
    },
    prove: { ...old, ...candidate, fenceStepKey: 'agent.stop-primary', waitMs: 10_000 },
    promote: {
      ...successor,
      timeline,
      host: `${to.serverId}.lab`,
      port: 15432,
      fencedServerId: from.serverId,
      evidenceStepKey: 'postgres.prove-handover',
      promoteDeadlineMs: 20_000,
    },
    writable: { ...successor, newerThanTimeline: timeline },
    rejoin: {
      serverId: from.serverId,
      systemIdentifier,
      region: from.region,
      upstreamServerId: to.serverId,
      upstreamHost: `${to.serverId}.lab`,
      upstreamPort: 15432,
      slot: from.serverId.replaceAll('-', '_'),
    },
    catchUp: { serverId: from.serverId, systemIdentifier, primaryServerId: to.serverId, maxLagSeconds: 1 },
  }
}

/** A run of its own: a new generation, no outputs of another. */
function newRun(service: ManagedService = pair.service): StepHarness {
  const harness = new StepHarness(service)
  generation += 1
  harness.generation = generation
  return harness
}

/** As the executor does: what may pass is tried again, anything else is the answer. A busy machine must not look like a refusal. */
async function carryOut(harness: StepHarness, stepId: string, input: JsonObject): Promise<JsonObject> {
  const until = Date.now() + 60_000
  for (;;) {
    try {
      return await harness.run(stepId, input)
    } catch (error) {
      const mayPass = error instanceof Unreachable || error instanceof Transient || error instanceof NotVerified
      if (!mayPass || Date.now() > until) throw error
    }
  }
}

async function twice(harness: StepHarness, stepId: string, input: JsonObject): Promise<[JsonObject, JsonObject]> {
  return [await carryOut(harness, stepId, input), await carryOut(harness, stepId, input)]
}

async function switchOver(from: Side, to: Side, timeline: number): Promise<{ harness: StepHarness; gapMs: number }> {
  const harness = newRun()
  const inputs = await inputsFor(from, to, timeline)
  await carryOut(harness, 'postgres.check-calm', inputs.calm)
  await carryOut(harness, 'agent.checkpoint-primary', inputs.checkpoint)
  writers.resetGap()
  await carryOut(harness, 'agent.stop-primary', inputs.stop)
  await carryOut(harness, 'postgres.prove-handover', inputs.prove)
  await carryOut(harness, 'postgres.promote-candidate', inputs.promote)
  await carryOut(harness, 'postgres.prove-writable', inputs.writable)
  await moreWrites()
  const gapMs = writers.longestGapMs()
  await twice(harness, 'agent.rejoin-standby', inputs.rejoin)
  await twice(harness, 'postgres.await-catch-up', inputs.catchUp)
  return { harness, gapMs }
}

describe('before anything is stopped', () => {
  it('sees that all is calm, twice, and makes its checkpoint with a marker, twice', async () => {
    const harness = newRun()
    const inputs = await inputsFor(sides.east, sides.west, 1)
    await twice(harness, 'postgres.check-calm', inputs.calm)
    const [first, second] = await twice(harness, 'agent.checkpoint-primary', inputs.checkpoint)
    expect(first.marker).toBe(second.marker)
    expect(second.markerLsn).not.toBe(first.markerLsn)
  })

  it('refuses servers whose roles or addresses are not as planned', async () => {
    const there = await inputsFor(sides.east, sides.west, 1)
    const back = await inputsFor(sides.west, sides.east, 1)
    await expect(carryOut(newRun(), 'postgres.check-calm', back.calm)).rejects.toThrow('not the primary')
    await expect(carryOut(newRun(), 'postgres.check-calm', { ...there.calm, timeline: 2 })).rejects.toThrow(
      'timeline 1',
    )
    await expect(carryOut(newRun(), 'postgres.check-calm', { ...there.calm, systemIdentifier: '1' })).rejects.toThrow(
      'system identifier',
    )
    const harness = newRun()
    await carryOut(harness, 'agent.checkpoint-primary', there.checkpoint)
    pair.point('db-east-1.lab', sides.west.address)
    pair.point('db-west-1.lab', sides.east.address)
    try {
      // Names are read again at most once a second or so; until then the servers still are as planned.
      await eventually('the addresses to be swapped', async () => {
        const seen = await pair.service.postgres('db-east-1').identify()
        return seen.inRecovery
      })
      await expect(carryOut(harness, 'agent.stop-primary', there.stop)).rejects.toThrow('answers for db-west-1')
      await expect(carryOut(newRun(), 'postgres.check-calm', there.calm)).rejects.toThrow('answers for')
    } finally {
      pair.point('db-east-1.lab', sides.east.address)
      pair.point('db-west-1.lab', sides.west.address)
      await eventually('the addresses to be right again', async () => {
        const seen = await pair.service.postgres('db-east-1').identify()
        return !seen.inRecovery
      })
    }
    await moreWrites()
  })

  it('does not stop for a candidate that lacks the marker', async () => {
    const harness = newRun()
    const inputs = await inputsFor(sides.east, sides.west, 1)
    await carryOut(harness, 'agent.checkpoint-primary', inputs.checkpoint)
    harness.outputs['agent.checkpoint-primary'] = {
      ...(await carryOut(harness, 'agent.checkpoint-primary', inputs.checkpoint)),
      markerLsn: 'FF/0',
    }
    const stop = { ...inputs.stop, markerWaitMs: 200 }
    await expect(carryOut(harness, 'agent.stop-primary', stop)).rejects.toThrow('Nothing was stopped')
    expect(harness.progress.join()).toContain('goes on until it has it')
    await harness.compensate('agent.stop-primary', stop, null)
    await moreWrites()
  })

  it('promotes nothing without the proof', async () => {
    const inputs = await inputsFor(sides.east, sides.west, 1)
    const harness = newRun()
    await expect(carryOut(harness, 'postgres.prove-handover', inputs.prove)).rejects.toThrow('nothing to prove')
    await expect(harness.step('postgres.promote-candidate').run(harness.context(), inputs.promote)).rejects.toThrow(
      'was not promoted',
    )
  })
})

/** Does something to the pair in the very moment in which the old primary is told to stop. */
function atTheStop(serverId: string, happens: <T>(fence: () => Promise<T>) => Promise<T>): ManagedService {
  return {
    ...pair.service,
    agent(id) {
      const agent = pair.service.agent(id)
      if (id !== serverId) return agent
      return {
        serverId: id,
        call: (operation, request) =>
          operation === 'fence' ? happens(() => agent.call(operation, request)) : agent.call(operation, request),
      }
    },
  }
}

describe('when the handover cannot be proved', () => {
  it('takes the stop back when the candidate is cut off just before it: old primary writable, nothing promoted', async () => {
    const inputs = await inputsFor(sides.east, sides.west, 1)
    const service = atTheStop('db-east-1', async (fence) => {
      await pair.service.agent('db-west-1').call('detach', { generation, runId: 'cut' })
      return fence()
    })
    const harness = newRun(service)
    await carryOut(harness, 'postgres.check-calm', inputs.calm)
    await carryOut(harness, 'agent.checkpoint-primary', inputs.checkpoint)
    const stopped = await carryOut(harness, 'agent.stop-primary', inputs.stop)
    const prove = { ...inputs.prove, waitMs: 500 }
    await expect(carryOut(harness, 'postgres.prove-handover', prove)).rejects.toThrow(
      /fell short: .*Nothing was promoted/,
    )
    await expect(carryOut(harness, 'postgres.promote-candidate', inputs.promote)).rejects.toThrow()
    await harness.compensate('agent.stop-primary', inputs.stop, stopped)
    await harness.compensate('agent.stop-primary', inputs.stop, null)
    await moreWrites()
    expect((await pair.service.postgres('db-west-1').identify()).inRecovery).toBe(true)
    expect(await lostOn(sides.east)).toEqual([])
    const upstream = { host: 'db-east-1.lab', port: 15432, slot: 'db_west_1' }
    const order = { generation, runId: 'heal', expectSystemIdentifier: systemIdentifier }
    await pair.service.agent('db-west-1').call('follow', { ...order, ...upstream })
    await untilSeen(pair.service, 'db-west-1', (seen) => seen.receiver?.status === 'streaming')
  })

  it('refuses a stop that was not clean, and starts the old primary again', async () => {
    const inputs = await inputsFor(sides.east, sides.west, 1)
    const service = atTheStop('db-east-1', async (fence) => {
      await pair.fault('kill', 'us-east')
      await pair.fault('restore', 'us-east')
      // Its agent is back, and has found a server that did not end in order: read-only, under the boot guard.
      await untilSeen(pair.service, 'db-east-1', (seen) => seen.state === 'running' && seen.role === 'standby')
      await pair.service.agent('db-east-1').call('stop', { generation, runId: 'x', deadlineMs: 20_000 })
      return fence()
    })
    const harness = newRun(service)
    await carryOut(harness, 'agent.checkpoint-primary', inputs.checkpoint)
    await expect(carryOut(harness, 'agent.stop-primary', inputs.stop)).rejects.toThrow('not stopped cleanly')
    await harness.compensate('agent.stop-primary', inputs.stop, null)
    await moreWrites()
    expect(await lostOn(sides.east)).toEqual([])
    await untilSeen(pair.service, 'db-west-1', (seen) => seen.receiver?.status === 'streaming')
  })
})

describe('the handover, under writers', () => {
  it('loses no acknowledged row, in both directions and back again', async () => {
    const gaps: number[] = []
    const turns: [Side, Side][] = [
      [sides.east, sides.west],
      [sides.west, sides.east],
      [sides.east, sides.west],
      [sides.west, sides.east],
    ]
    for (const [turn, [from, to]] of turns.entries()) {
      const { harness, gapMs } = await switchOver(from, to, turn + 1)
      gaps.push(Math.round(gapMs))
      expect(harness.outputs['postgres.promote-candidate']).toMatchObject({ timeline: turn + 2 })
      expect(harness.outputs['postgres.prove-handover']).toMatchObject({ method: 'handover', serverId: from.serverId })
      expect(await lostOn(to)).toEqual([])
      const back = await pair.service.agent(from.serverId).call('observe', {})
      expect(back).toMatchObject({ role: 'standby', standbySignal: true, fence: null })
      // Nobody follows it any more: its former slot would hold WAL for ever.
      expect(back.slots.filter((slot) => !slot.active)).toEqual([])
    }
    process.stdout.write(`write gaps of ${gaps.length} switchovers: ${gaps.join(', ')} ms\n`)
    expect(gaps).toHaveLength(4)
  })
})
