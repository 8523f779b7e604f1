import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildSwitchoverPlan } from '@/server/domain/plan/build-switchover'
import { executeRun } from '@/server/executor/run'
import { recordObservations } from '@/server/services/observations/record'
import { describeStep } from '@/server/steps/catalog'
import { harnessDeps } from '@/server/testing/plan-harness-parts'
import { startTestDatabase, type TestPostgres } from '@/server/testing/postgres'
import { seedApprovedRun } from '@/server/testing/seed-run'
import { steadyFacts } from '@/server/testing/steady-facts'
import { probeSeen, seedService, testWorker } from '@/server/testing/watched'
import { realClock } from '@/server/testing/worker-tools'
import { steadyRegions, World } from '@/server/testing/world/world'
import { followOutage } from './follow-outage'
import { measureHandovers } from './measure-handover'

let server: TestPostgres
let worker: ReturnType<typeof testWorker>

beforeAll(async () => {
  server = await startTestDatabase(81)
  worker = testWorker(server.url, 'vantage-a', realClock)
})
afterAll(async () => {
  await worker?.close()
  await server?.stop()
})

const seed = { build: buildSwitchoverPlan, facts: () => steadyFacts() }

describe('what a switchover cost', () => {
  it('is measured once from its own steps: how long writes were held, and exactly no loss', async () => {
    const seeded = await seedApprovedRun(worker.db, describeStep, seed)
    await executeRun(seeded.runId, harnessDeps(worker.db, new World(steadyRegions()), 'worker-a'))
    const [first, ...more] = await measureHandovers(worker, seeded.serviceId)
    expect(more).toEqual([])
    expect(first).toMatchObject({ runId: seeded.runId, measured: { rpo: { certainty: 'exact', rows: 0, bytes: 0 } } })
    expect(first?.measured.rtoSeconds).toBeGreaterThanOrEqual(0)
    expect(await measureHandovers(worker, seeded.serviceId)).toEqual([])
    const audited = await worker.db.auditEntry.findMany({ where: { runId: seeded.runId, action: 'run.measure' } })
    expect(audited).toHaveLength(1)
  })

  it('that was taken back counts until the old primary wrote again', async () => {
    const world = new World(steadyRegions())
    world.after = (name) => {
      if (name === 'fence:db-us-east') world.server('db-us-west').replayPaused = true
    }
    const seeded = await seedApprovedRun(worker.db, describeStep, seed)
    await executeRun(seeded.runId, harnessDeps(worker.db, world, 'worker-a'))
    const run = await worker.db.run.findUniqueOrThrow({ where: { id: seeded.runId } })
    expect(run).toMatchObject({ state: 'compensated', stateReason: expect.stringContaining('Nothing was promoted') })
    expect(run.stateReason).toContain('Taken back: Stop the primary in order')
    expect(world.server('db-us-east')).toMatchObject({ role: 'primary', up: true, signal: false })
    expect(world.broken).toEqual([])
    const [measured] = await measureHandovers(worker, seeded.serviceId)
    expect(measured?.measured.rpo.note).toContain('nothing was promoted')
  })
})

describe('a failing look during planned work', () => {
  it('opens an incident that names the run as its likely cause; one without a run does not', async () => {
    const quiet = await seedService(worker.db)
    const busy = await seedService(worker.db)
    const other = await seedApprovedRun(worker.db, describeStep, seed)
    await worker.db.run.update({
      where: { id: other.runId },
      data: { serviceId: busy.id, state: 'running', startedAt: new Date() },
    })
    for (const service of [quiet, busy]) {
      const at = new Date().toISOString()
      await recordObservations(worker, {
        observations: ['vantage-a', 'vantage-b'].map((vantage) => probeSeen(service, 'public', vantage, false, at)),
        positions: [],
      })
      expect(await followOutage(worker, await service.read())).toBe('open')
    }
    const incidentOf = (serviceId: string) =>
      worker.db.incident.findFirstOrThrow({ where: { serviceId }, include: { events: true } })
    const [calm, planned] = await Promise.all([incidentOf(quiet.id), incidentOf(busy.id)])
    expect(calm.title).not.toContain('planned')
    expect(planned.title).toContain('during planned work')
    expect(planned.events[0]?.message).toContain(`switchover, ${other.runId}`)
  })
})
