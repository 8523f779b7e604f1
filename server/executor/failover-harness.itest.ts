import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDb, type Db } from '@/server/db/client'
import { buildFailoverPlan } from '@/server/domain/plan/build-failover'
import { describeStep } from '@/server/steps/catalog'
import { lostPrimaryFacts } from '@/server/testing/facts'
import { describePlanHarness } from '@/server/testing/plan-harness'
import { endOf, finish, harnessDeps } from '@/server/testing/plan-harness-parts'
import { startTestDatabase } from '@/server/testing/postgres'
import { seedApprovedRun } from '@/server/testing/seed-run'
import { World } from '@/server/testing/world/world'
import { executeRun } from './run'

const effects = [
  'power-off:host-us-east',
  'promote:db-us-west',
  'configure:us-west',
  'prewarm:us-west',
  'scale:us-west',
  'dns:us-west',
]

describePlanHarness({
  name: 'a failover',
  net: 87,
  seed: { build: buildFailoverPlan, facts: () => ({ ...lostPrimaryFacts(), incident: null }) },
  world: () => new World(),
  effects,
  expectEnd: (world, service) => {
    expect(service).toMatchObject({ writerServerId: 'db-us-west', writerTimeline: 2 })
    expect(world.server('db-us-west')).toMatchObject({ role: 'primary', timeline: 2, signal: false })
    expect(world.power.get('host-us-east')).toBe(false)
  },
})

let server: Awaited<ReturnType<typeof startTestDatabase>>
let db: Db

beforeAll(async () => {
  server = await startTestDatabase(89)
  db = createDb(server.url, { max: 8 })
})

afterAll(async () => {
  await db?.$disconnect()
  await server?.stop()
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
    await executeRun(seeded.runId, harnessDeps(db, world, 'worker-a'))
    expect(await endOf(db, seeded)).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('no longer the one that was approved'),
    })
    expect(world.effects).toEqual([])
  })

  it('an approver who lost the right before promotion stops it there, and the fence is taken back', async () => {
    const world = new World()
    const seeded = await seedApprovedRun(db, describeStep)
    world.after = (name) => {
      if (name === 'power-off:host-us-east')
        lost = db.grant.deleteMany({ where: { role: 'approver', user: { email: { contains: '@test' } } } })
    }
    let lost: Promise<unknown> = Promise.resolve()
    await executeRun(seeded.runId, harnessDeps(db, world, 'worker-a', { afterWrite: async () => void (await lost) }))
    expect(await endOf(db, seeded)).toMatchObject({
      state: 'compensated',
      reason: expect.stringContaining('0 of 1 approvals hold'),
    })
    expect(world.effects).toEqual(['power-off:host-us-east', 'power-on:host-us-east'])
  })

  it('an abort before promotion takes back; the request is obeyed between steps', async () => {
    const world = new World()
    const seeded = await seedApprovedRun(db, describeStep)
    let asked: Promise<unknown> = Promise.resolve()
    world.after = (name) => {
      if (name === 'power-off:host-us-east')
        asked = db.run.update({ where: { id: seeded.runId }, data: { request: 'abort', requestReason: 'false alarm' } })
    }
    await executeRun(seeded.runId, harnessDeps(db, world, 'worker-a', { afterWrite: async () => void (await asked) }))
    expect(await endOf(db, seeded)).toMatchObject({ state: 'aborted', reason: expect.stringContaining('false alarm') })
    expect(world.effects).toEqual(['power-off:host-us-east', 'power-on:host-us-east'])
    expect(world.server('db-us-west').role).toBe('standby')
  })

  it('an audit entry that cannot be written keeps the action from happening', async () => {
    const world = new World()
    const seeded = await seedApprovedRun(db, describeStep)
    await db.$executeRaw`CREATE FUNCTION refuse_audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'disk full'; END $$`
    await db.$executeRaw`CREATE TRIGGER refuse_audit BEFORE INSERT ON audit_entry FOR EACH ROW EXECUTE FUNCTION refuse_audit()`
    try {
      expect(await executeRun(seeded.runId, harnessDeps(db, world, 'worker-a'))).toBe('lease-lost')
      expect(world.effects).toEqual([])
      expect(await endOf(db, seeded)).toMatchObject({ state: 'approved' })
    } finally {
      await db.$executeRaw`DROP TRIGGER refuse_audit ON audit_entry`
    }
    await finish(db, world, seeded)
    expect(await endOf(db, seeded)).toMatchObject({ state: 'succeeded' })
    expect(world.effects).toEqual(effects)
  })

  it('a worker that wakes after another took over is refused by the target', async () => {
    const world = new World()
    const seeded = await seedApprovedRun(db, describeStep)
    world.after = (name) => {
      // Another worker has led since, at a newer generation that the agent has already obeyed; this one has not noticed.
      if (name === 'power-off:host-us-east') world.server('db-us-west').generation = 1_000
    }
    expect(await executeRun(seeded.runId, harnessDeps(db, world, 'worker-zombie'))).toBe('lease-lost')
    expect(world.effects).toEqual(['power-off:host-us-east'])
    expect(await endOf(db, seeded), 'it says nothing about the run, which another leads').toMatchObject({
      state: 'running',
    })
  })

  it('a worker that wakes after another took over can write nothing', async () => {
    const world = new World()
    const seeded = await seedApprovedRun(db, describeStep)
    let taken: Promise<unknown> = Promise.resolve()
    world.after = (name) => {
      if (name !== 'power-off:host-us-east') return
      const newer = { generation: 1_001, holder: 'worker-other', expiresAt: new Date(Date.now() + 60_000) }
      taken = db.serviceLease.update({ where: { serviceId: seeded.serviceId }, data: newer })
    }
    const outcome = await executeRun(
      seeded.runId,
      harnessDeps(db, world, 'worker-zombie', { afterWrite: async () => void (await taken) }),
    )
    expect(outcome).toBe('lease-lost')
    expect(world.effects).toEqual(['power-off:host-us-east'])
    const { generation } = await db.serviceLease.findUniqueOrThrow({ where: { serviceId: seeded.serviceId } })
    expect(Number(generation), 'the other one keeps its lease').toBe(1_001)
  })
})
