import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { consumeRuns } from '@/server/jobs/consume'
import { createRunProducer } from '@/server/jobs/enqueue'
import { findWaitingRuns } from '@/server/services/leases/find-waiting-runs'
import { handBackLeases } from '@/server/services/leases/hand-back'
import { describeStep } from '@/server/steps/catalog'
import { startTestDatabase, type TestPostgres } from '@/server/testing/postgres'
import { testRedis } from '@/server/testing/redis'
import { seedApprovedRun } from '@/server/testing/seed-run'
import { testWorker } from '@/server/testing/watched'
import { keptLog, realClock, until } from '@/server/testing/worker-tools'
import { offsetOf, startReconciler } from './reconciler'
import { createRunRegistry } from './run-registry'

const redis = testRedis(67)
let server: TestPostgres
let control: ReturnType<typeof testWorker>
const stops: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  server = await startTestDatabase(67)
  control = testWorker(server.url, 'vantage-a', realClock)
})
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()))
  await redis.kill()
})
afterAll(async () => {
  await control?.close()
  await server?.stop()
})

/** A worker's two ways to a run, with a run that takes the lease, is counted, and succeeds after a moment. */
function smallWorker(id: string, led: string[], worksMs = 30) {
  const worker = testWorker(server.url, id, realClock)
  const executeRun = async (runId: string): Promise<string> => {
    const taken = await worker.db.$executeRaw`
      UPDATE service_lease SET generation = generation + 1, holder = ${id}, run_id = ${runId},
        expires_at = clock_timestamp() + interval '4 seconds'
      WHERE service_id = (SELECT service_id FROM run WHERE id = ${runId} AND state IN ('approved', 'running'))
        AND (holder IS NULL OR expires_at < clock_timestamp())`
    if (taken === 0) return 'busy'
    led.push(`${id} ${runId}`)
    await worker.db.run.update({ where: { id: runId }, data: { state: 'running' } })
    await realClock.sleep(worksMs)
    await worker.db.run.update({ where: { id: runId }, data: { state: 'succeeded' } })
    await handBackLeases(worker, id)
    return 'ended'
  }
  const log = keptLog()
  const registry = createRunRegistry(executeRun, log)
  const consumer = consumeRuns(redis.url, registry.execute, () => undefined)
  let expiries = 0
  const reconciler = startReconciler({
    workerId: id,
    findWaitingRuns: () => findWaitingRuns(worker),
    expireRuns: async () => {
      expiries += 1
    },
    registry,
    clock: realClock,
    log,
  })
  stops.push(async () => {
    await Promise.all([consumer.close(), reconciler.stop(), registry.drain(1000)])
    await worker.close()
  })
  return { consumer, expiries: () => expiries }
}

const succeeded = async (runId: string) =>
  (await control.db.run.findUniqueOrThrow({ where: { id: runId } })).state === 'succeeded'

describe('a run whose job is gone', () => {
  it('is found with Redis dead, and led once by two workers', async () => {
    const led: string[] = []
    const { runId } = await seedApprovedRun(control.db, describeStep)
    const workers = [smallWorker('worker-a', led), smallWorker('worker-b', led)]
    await until(() => succeeded(runId), 'the run succeeded')
    await until(() => workers.every((worker) => worker.expiries() >= 2), 'both go on looking')
    expect(led).toHaveLength(1)
  })

  it('is found after Redis was killed with the job in it, and jobs are quick again when Redis is back', async () => {
    await redis.start()
    const led: string[] = []
    const jobs = createRunProducer(redis.url, () => undefined)
    stops.push(() => jobs.close())
    const { runId: first } = await seedApprovedRun(control.db, describeStep)
    await jobs.enqueueRun(first)
    await redis.kill()
    const { consumer } = smallWorker('worker-a', led)
    await until(() => succeeded(first), 'the run whose job was lost')
    expect(led).toEqual([`worker-a ${first}`])

    await redis.start()
    await until(() => consumer.connected(), 'the worker is connected again')
    const { runId: second } = await seedApprovedRun(control.db, describeStep)
    await jobs.enqueueRun(second)
    await until(() => succeeded(second), 'the next run')
    expect(led).toEqual([`worker-a ${first}`, `worker-a ${second}`])
  })

  it('is taken over when its worker’s lease has run out, not before', async () => {
    const { runId, serviceId } = await seedApprovedRun(control.db, describeStep)
    await control.db.run.update({ where: { id: runId }, data: { state: 'running' } })
    await control.db.$executeRaw`
      UPDATE service_lease SET holder = 'worker-dead', run_id = ${runId},
        expires_at = clock_timestamp() + interval '1500 milliseconds' WHERE service_id = ${serviceId}`
    expect(await findWaitingRuns(control)).not.toContain(runId)
    const led: string[] = []
    smallWorker('worker-a', led)
    await until(() => succeeded(runId), 'the run was taken over')
    expect(led).toEqual([`worker-a ${runId}`])
  })

  it('is led once in a process that is told of it twice', async () => {
    await redis.start()
    const led: string[] = []
    const { consumer } = smallWorker('worker-a', led, 1500)
    await until(() => consumer.connected(), 'the worker is connected')
    const jobs = createRunProducer(redis.url, () => undefined)
    stops.push(() => jobs.close())
    const { runId } = await seedApprovedRun(control.db, describeStep)
    for (let n = 0; n < 3; n++) await jobs.enqueueRun(runId)
    await until(() => succeeded(runId), 'the run succeeded')
    expect(led).toHaveLength(1)
  })
})

describe('offsetOf', () => {
  it('gives the lab’s two workers different places in the second', () => {
    expect(Math.abs(offsetOf('worker-a') - offsetOf('worker-b'))).toBeGreaterThan(0)
  })
})
