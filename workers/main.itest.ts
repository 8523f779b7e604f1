import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildProcesses } from '@/scripts/build'
import type { ObservationKind } from '@/server/domain/observation'
import { describeStep } from '@/server/steps/catalog'
import { type Forwarder, startForwarder } from '@/server/testing/forwarder'
import { startTestDatabase, type TestPostgres } from '@/server/testing/postgres'
import { testRedis } from '@/server/testing/redis'
import { seedApprovedRun } from '@/server/testing/seed-run'
import { seedService, testWorker } from '@/server/testing/watched'
import { realClock, until } from '@/server/testing/worker-tools'

/** Whole workers, as bundled: two vantage points, a real control database behind a link that can be cut, a Redis that comes and goes. */
const redis = testRedis(67)
const directory = mkdtempSync(join(tmpdir(), 'lifeboat-worker-'))
const workers: ChildProcess[] = []
let server: TestPostgres
let control: ReturnType<typeof testWorker>
let link: Forwarder

function startWorkerProcess(vantage: string): ChildProcess {
  const address = `${server.user}:${encodeURIComponent(server.password)}@${link.host}:${link.port}`
  const worker = spawn(process.execPath, [join(directory, 'worker.mjs')], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      NODE_ENV: 'test',
      LIFEBOAT_DATABASE_URL: `postgresql://${address}/${server.database}`,
      LIFEBOAT_REDIS_URL: redis.url,
      LIFEBOAT_VANTAGE: vantage,
      LIFEBOAT_WORKER_ID: `worker-${vantage}`,
      LIFEBOAT_ANCHORS: '[]',
      PASSWORD: 'unused',
      AGENT: 'unused',
      PLATFORM: 'unused',
      TOKEN: 'unused',
    },
  })
  workers.push(worker)
  return worker
}

beforeAll(async () => {
  server = await startTestDatabase(67)
  control = testWorker(server.url, 'test', realClock)
  link = await startForwarder('127.67.2.1', 15432, server)
  await buildProcesses(directory, ['worker'])
  for (const vantage of ['vantage-a', 'vantage-b']) startWorkerProcess(vantage)
})
afterAll(async () => {
  for (const worker of workers) if (worker.exitCode === null) worker.kill('SIGKILL')
  await link?.cut()
  await redis.kill()
  await control?.close()
  await server?.stop()
  rmSync(directory, { recursive: true, force: true })
})

async function seenAt(id: string): Promise<number> {
  const row = await control.db.processHeartbeat.findUnique({ where: { id } })
  return row?.seenAt.getTime() ?? 0
}

async function bothBeatAfter(ms: number): Promise<boolean> {
  return (await seenAt('worker-vantage-a')) > ms && (await seenAt('worker-vantage-b')) > ms
}

describe('two workers', () => {
  it('start without Redis and say that they are alive', async () => {
    await until(() => bothBeatAfter(0), 'both have beaten once')
    const first = Date.now()
    await until(() => bothBeatAfter(first), 'both go on')
    expect(workers.every((worker) => worker.exitCode === null)).toBe(true)
  })

  it('watch a service that does not answer, and confirm its outage together', async () => {
    const { id } = await seedService(control.db)
    await until(
      async () => (await control.db.incident.count({ where: { serviceId: id, state: 'confirmed' } })) === 1,
      'the outage is confirmed',
    )
    expect(await control.db.incident.count({ where: { serviceId: id } })).toBe(1)
    const vantagesOf = async (kind: ObservationKind) =>
      (await control.db.observation.groupBy({ by: ['vantage'], where: { serviceId: id, ok: false, kind } })).length
    // Each kind has its own interval, and the vantage points take turns in it.
    for (const kind of ['agent', 'endpoint', 'public', 'dns', 'platform', 'workload', 'cache'] as const) {
      await until(async () => (await vantagesOf(kind)) === 2, `${kind} is seen from both vantage points`)
    }
    await control.db.service.delete({ where: { id } })
  })

  it('lead an approved run that nobody told them of, and expire one that was not started in time', async () => {
    const late = await seedApprovedRun(control.db, describeStep)
    await control.db.run.update({
      where: { id: late.runId },
      data: { state: 'awaiting_approval', expiresAt: new Date(Date.now() - 1000) },
    })
    const { runId } = await seedApprovedRun(control.db, describeStep)
    const stateOf = async (id: string) => (await control.db.run.findUniqueOrThrow({ where: { id } })).state
    await until(async () => (await stateOf(runId)) !== 'approved', 'the run was taken up')
    await until(async () => (await stateOf(late.runId)) === 'expired', 'the other has expired')
  })

  it('go on after the control database was away, and after Redis came, was killed and came again', async () => {
    await redis.start()
    await until(async () => {
      const rows = await control.db.processHeartbeat.findMany({ where: { kind: 'worker' } })
      return (
        rows.length === 2 &&
        rows.every((row) =>
          Object.entries(Object(row.detail)).some(([key, value]) => key === 'redis' && value === true),
        )
      )
    }, 'both are connected to Redis')
    await redis.kill()
    await link.cut()
    const cutAt = Date.now()
    await until(() => Date.now() - cutAt > 2_000, 'two seconds without a control database')
    await link.heal()
    const healedAt = Date.now()
    await until(() => bothBeatAfter(healedAt), 'both beat again')
    expect(workers.every((worker) => worker.exitCode === null)).toBe(true)
  })

  it('end by themselves when told to, and hand back their leases', async () => {
    const exits = workers.map((worker) => once(worker, 'exit'))
    const toldAt = performance.now()
    for (const worker of workers) worker.kill('SIGTERM')
    const codes = (await Promise.all(exits)).map(([code]) => code)
    // They give themselves 4.5 s; a crowded machine may add to that.
    expect(performance.now() - toldAt).toBeLessThan(10_000)
    expect(codes).toEqual([0, 0])
    expect(await control.db.serviceLease.count({ where: { holder: { not: null } } })).toBe(0)
  })
})
