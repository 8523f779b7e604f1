import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDb, type Db } from '@/server/db/client'
import { readAuditEntries } from '@/server/db/repositories/audit-entries'
import { verifyChain } from '@/server/domain/audit-chain'
import { Terminal, Transient, Unreachable } from '@/server/ports/errors'
import { catalog, describeStep } from '@/server/steps/catalog'
import { startTestDatabase } from '@/server/testing/postgres'
import { type SeededRun, seedApprovedRun } from '@/server/testing/seed-run'
import { connectWorld, World } from '@/server/testing/world'
import { executeRun } from './run'
import { type ExecutorDeps, LeaseLost } from './types'

/**
 * The three harnesses over the whole failover plan: every effect twice, a failure at each call, and the worker killed after each write. The executor, the steps,
 * the journal and PostgreSQL are the real ones; the two regions are `World`, which watches the invariants itself.
 */
let server: Awaited<ReturnType<typeof startTestDatabase>>
let db: Db

beforeAll(async () => {
  server = await startTestDatabase(68)
  db = createDb(server.url, { max: 8 })
})

afterAll(async () => {
  await db?.$disconnect()
  await server?.stop()
})

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }
const clock = {
  now: () => Date.now(),
  sleep: (ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      // Waits are real but short: what is tested is the order of writes, not the length of a backoff.
      const timer = setTimeout(resolve, Math.min(ms, 5))
      signal?.addEventListener(
        'abort',
        () => {
          clearTimeout(timer)
          reject(signal.reason)
        },
        { once: true },
      )
    }),
}

function deps(world: World, worker: string, over: Partial<ExecutorDeps> = {}): ExecutorDeps {
  return {
    db,
    clock,
    worker: { type: 'worker', id: worker, vantage: 'vantage-a' },
    catalog,
    connect: () => connectWorld(world),
    leaseMs: 5_000,
    log: quiet,
    ...over,
  }
}

async function endOf(
  seeded: SeededRun,
): Promise<{ state: string; reason: string | null; steps: Record<string, string> }> {
  const run = await db.run.findUniqueOrThrow({
    where: { id: seeded.runId },
    include: { steps: { orderBy: { position: 'asc' } } },
  })
  return {
    state: run.state,
    reason: run.stateReason,
    steps: Object.fromEntries(run.steps.map((step) => [step.stepId, step.state])),
  }
}

/** As a supervisor would: new workers take the run up until it has ended or waits for a person. */
async function finish(world: World, seeded: SeededRun): Promise<void> {
  for (let worker = 0; worker < 20; worker += 1) {
    const outcome = await executeRun(seeded.runId, deps(world, `worker-${worker}`))
    if (outcome !== 'busy' && outcome !== 'lease-lost') return
    await db.serviceLease.updateMany({ where: { serviceId: seeded.serviceId }, data: { expiresAt: new Date(0) } })
  }
  throw new Error('twenty workers did not bring the run to an end')
}

const once = ['power-off', 'promote', 'configure', 'prewarm', 'scale', 'dns']

async function expectWholeAndSafe(world: World, seeded: SeededRun): Promise<void> {
  const end = await endOf(seeded)
  expect(end, end.reason ?? '').toMatchObject({ state: 'succeeded' })
  expect(new Set(Object.values(end.steps))).toEqual(new Set(['succeeded']))
  expect(world.effects).toEqual(once)
  expect(world.broken).toEqual([])
  const service = await db.service.findUniqueOrThrow({ where: { id: seeded.serviceId } })
  expect(service).toMatchObject({ writerServerId: 'db-us-west', writerRegion: 'us-west', writerTimeline: 2 })
}

describe('a failover without trouble', () => {
  it('does each effect once, in order, and leaves a chain that verifies', async () => {
    const world = new World()
    const seeded = await seedApprovedRun(db, describeStep)
    expect(await executeRun(seeded.runId, deps(world, 'worker-a'))).toBe('ended')
    await expectWholeAndSafe(world, seeded)
    expect(await verifyChain(readAuditEntries(db))).toMatchObject({ ok: true })
    expect(await executeRun(seeded.runId, deps(world, 'worker-b')), 'an ended run is not begun again').toBe(
      'nothing-to-do',
    )
  })

  it('is led by one of two workers that start at the same moment', async () => {
    const world = new World()
    const seeded = await seedApprovedRun(db, describeStep)
    const outcomes = await Promise.all(
      ['worker-a', 'worker-b', 'worker-c'].map((worker) => executeRun(seeded.runId, deps(world, worker))),
    )
    expect(outcomes.filter((outcome) => outcome === 'ended')).toHaveLength(1)
    await expectWholeAndSafe(world, seeded)
  })
})

describe('every step run twice', () => {
  it('changes nothing the second time', async () => {
    const world = new World()
    const seeded = await seedApprovedRun(db, describeStep)
    const twice = new Map(
      [...catalog].map(([id, step]) => [
        id,
        {
          ...step,
          run: async (...given: Parameters<typeof step.run>) => {
            const first = await step.run(...given)
            return first.kind === 'done' ? step.run(...given) : first
          },
        },
      ]),
    )
    await executeRun(seeded.runId, deps(world, 'worker-a', { catalog: twice }))
    await expectWholeAndSafe(world, seeded)
  })
})

describe('the worker killed after any write', () => {
  it('is carried on by the next one, and no effect happens twice', async () => {
    const probe = new World()
    const first = await seedApprovedRun(db, describeStep)
    let writes = 0
    await executeRun(
      first.runId,
      deps(probe, 'worker-a', {
        afterWrite: () => {
          writes += 1
        },
      }),
    )
    expect(writes).toBeGreaterThan(24)
    for (let at = 1; at <= writes; at += 1) {
      const world = new World()
      const seeded = await seedApprovedRun(db, describeStep)
      let written = 0
      const dies = {
        afterWrite: () => {
          written += 1
          if (written === at) throw new LeaseLost('killed here')
        },
      }
      expect(await executeRun(seeded.runId, deps(world, 'worker-killed', dies)), `killed after write ${at}`).toBe(
        'lease-lost',
      )
      await finish(world, seeded)
      await expectWholeAndSafe(world, seeded)
    }
  }, 240_000)
})

describe('a failure at each call', () => {
  const calls = once

  it.each(calls)('%s: a transient no is tried again', async (call) => {
    const world = new World()
    let failed = 0
    world.before = (name) => {
      if (name === call && failed++ === 0) throw new Transient('world', `${call} is busy`)
    }
    const seeded = await seedApprovedRun(db, describeStep)
    await finish(world, seeded)
    await expectWholeAndSafe(world, seeded)
  })

  it.each(calls)('%s: done, but the answer was lost, is found by looking', async (call) => {
    const world = new World()
    let failed = 0
    world.after = (name) => {
      if (name === call && failed++ === 0) throw new Unreachable('world', 'no answer in time')
    }
    const seeded = await seedApprovedRun(db, describeStep)
    await finish(world, seeded)
    await expectWholeAndSafe(world, seeded)
  })

  it('power-off: a final no before the point of no return takes back what was done', async () => {
    const world = new World()
    world.before = (name) => {
      if (name === 'power-off') throw new Terminal('platform', 'not permitted')
    }
    const seeded = await seedApprovedRun(db, describeStep)
    await finish(world, seeded)
    const end = await endOf(seeded)
    expect(['compensated', 'failed']).toContain(end.state)
    expect(end.reason).toContain('not permitted')
    expect(world.server('db-us-west').role).toBe('standby')
    expect(world.power.get('host-us-east')).toBe(true)
    expect(world.broken).toEqual([])
  })

  it.each(['configure', 'scale', 'dns'])(
    '%s: a final no past the point of no return waits for a person',
    async (call) => {
      const world = new World()
      world.before = (name) => {
        if (name === call) throw new Terminal('world', 'not permitted')
      }
      const seeded = await seedApprovedRun(db, describeStep)
      await finish(world, seeded)
      expect(await endOf(seeded)).toMatchObject({ state: 'paused' })
      expect(world.server('db-us-west').role).toBe('primary')
      expect(world.broken).toEqual([])
    },
  )
})

describe('what stops a run', () => {
  it('a plan that was changed after its approval is not begun', async () => {
    const world = new World()
    const seeded = await seedApprovedRun(db, describeStep)
    const run = await db.run.findUniqueOrThrow({ where: { id: seeded.runId } })
    await db.plan.update({
      where: { id: run.planId },
      data: { document: { ...seeded.plan, summary: 'something else' } },
    })
    await executeRun(seeded.runId, deps(world, 'worker-a'))
    expect(await endOf(seeded)).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('no longer the one that was approved'),
    })
    expect(world.effects).toEqual([])
  })

  it('an approver who lost the right before promotion stops it there, and the fence is taken back', async () => {
    const world = new World()
    const seeded = await seedApprovedRun(db, describeStep)
    world.after = (name) => {
      if (name === 'power-off')
        lost = db.grant.deleteMany({ where: { role: 'approver', user: { email: { contains: '@test' } } } })
    }
    let lost: Promise<unknown> = Promise.resolve()
    await executeRun(seeded.runId, deps(world, 'worker-a', { afterWrite: async () => void (await lost) }))
    expect(await endOf(seeded)).toMatchObject({
      state: 'compensated',
      reason: expect.stringContaining('0 of 1 approvals hold'),
    })
    expect(world.effects).toEqual(['power-off', 'power-on'])
  })

  it('an abort before promotion takes back; the request is obeyed between steps', async () => {
    const world = new World()
    const seeded = await seedApprovedRun(db, describeStep)
    let asked: Promise<unknown> = Promise.resolve()
    world.after = (name) => {
      if (name === 'power-off')
        asked = db.run.update({ where: { id: seeded.runId }, data: { request: 'abort', requestReason: 'false alarm' } })
    }
    await executeRun(seeded.runId, deps(world, 'worker-a', { afterWrite: async () => void (await asked) }))
    expect(await endOf(seeded)).toMatchObject({ state: 'aborted', reason: expect.stringContaining('false alarm') })
    expect(world.effects).toEqual(['power-off', 'power-on'])
    expect(world.server('db-us-west').role).toBe('standby')
  })

  it('an audit entry that cannot be written keeps the action from happening', async () => {
    const world = new World()
    const seeded = await seedApprovedRun(db, describeStep)
    await db.$executeRaw`CREATE FUNCTION refuse_audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'disk full'; END $$`
    await db.$executeRaw`CREATE TRIGGER refuse_audit BEFORE INSERT ON audit_entry FOR EACH ROW EXECUTE FUNCTION refuse_audit()`
    try {
      expect(await executeRun(seeded.runId, deps(world, 'worker-a'))).toBe('lease-lost')
      expect(world.effects).toEqual([])
      expect(await endOf(seeded)).toMatchObject({ state: 'approved' })
    } finally {
      await db.$executeRaw`DROP TRIGGER refuse_audit ON audit_entry`
    }
    await finish(world, seeded)
    await expectWholeAndSafe(world, seeded)
  })

  it('a worker that wakes after another took over is refused by the target', async () => {
    const world = new World()
    const seeded = await seedApprovedRun(db, describeStep)
    world.after = (name) => {
      // Another worker has led since, at a newer generation that the agent has already obeyed; this one has not noticed.
      if (name === 'power-off') world.server('db-us-west').generation = 1_000
    }
    expect(await executeRun(seeded.runId, deps(world, 'worker-zombie'))).toBe('lease-lost')
    expect(world.effects).toEqual(['power-off'])
    expect(await endOf(seeded), 'it says nothing about the run, which another leads').toMatchObject({
      state: 'running',
    })
  })

  it('a worker that wakes after another took over can write nothing', async () => {
    const world = new World()
    const seeded = await seedApprovedRun(db, describeStep)
    let taken: Promise<unknown> = Promise.resolve()
    world.after = (name) => {
      if (name !== 'power-off') return
      const newer = { generation: 1_001, holder: 'worker-other', expiresAt: new Date(Date.now() + 60_000) }
      taken = db.serviceLease.update({ where: { serviceId: seeded.serviceId }, data: newer })
    }
    const outcome = await executeRun(
      seeded.runId,
      deps(world, 'worker-zombie', { afterWrite: async () => void (await taken) }),
    )
    expect(outcome).toBe('lease-lost')
    expect(world.effects).toEqual(['power-off'])
    const { generation } = await db.serviceLease.findUniqueOrThrow({ where: { serviceId: seeded.serviceId } })
    expect(Number(generation), 'the other one keeps its lease').toBe(1_001)
  })
})
