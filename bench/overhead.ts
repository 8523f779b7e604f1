import { createDb } from '@/server/db/client'
import { executeRun } from '@/server/executor/run'
import type { ExecutorDeps } from '@/server/executor/types'
import { catalog, describeStep } from '@/server/steps/catalog'
import { startTestDatabase } from '@/server/testing/postgres'
import { seedApprovedRun } from '@/server/testing/seed-run'
import { connectWorld } from '@/server/testing/world/connect'
import { World } from '@/server/testing/world/world'
import { type Summary, summarise } from './stats'

/** Longer than a run takes here, so that no renewal falls into one. */
const leaseMs = 120_000

/**
 * What a step costs apart from what it does: journal, audit and lease on a durable PostgreSQL, over a world that answers at once. What a step itself waits
 * for (a host to stop, a rollout) is not counted. In milliseconds a step, with the bare transaction of the same machine beside it.
 */
export async function measureOverhead(
  runs: number,
): Promise<{ perStepMs: Summary; bareTransactionMs: Summary; steps: number; writes: number }> {
  const server = await startTestDatabase(76, { durable: true })
  const db = createDb(server.url, { max: 4 })
  const perStep: number[] = []
  let steps = 0
  let writes = 0
  try {
    for (let run = 0; run < runs; run += 1) {
      const seeded = await seedApprovedRun(db, describeStep)
      const world = new World()
      const spent = { writes: 0, waitedMs: 0 }
      const begun = performance.now()
      await executeRun(seeded.runId, deps(db, world, spent))
      steps = seeded.plan.steps.length
      writes = spent.writes
      perStep.push((performance.now() - begun - spent.waitedMs) / steps)
    }
    const bare: number[] = []
    for (let at = 0; at < 200; at += 1) {
      const begun = performance.now()
      await db.$executeRaw`UPDATE service_lease SET run_id = ${String(at)}`
      bare.push(performance.now() - begun)
    }
    return { perStepMs: summarise(perStep), bareTransactionMs: summarise(bare), steps, writes }
  } finally {
    await db.$disconnect()
    await server.stop()
  }
}

function deps(db: ExecutorDeps['db'], world: World, spent: { writes: number; waitedMs: number }): ExecutorDeps {
  const quiet = () => undefined
  const sleep = async (ms: number): Promise<void> => {
    const begun = performance.now()
    await new Promise((resolve) => setTimeout(resolve, ms))
    spent.waitedMs += performance.now() - begun
  }
  return {
    db,
    clock: { now: () => Date.now(), sleep },
    worker: { type: 'worker', id: 'bench', vantage: 'vantage-a' },
    catalog,
    connect: () => connectWorld(world),
    leaseMs,
    afterWrite: () => {
      spent.writes += 1
    },
    log: { info: quiet, warn: quiet, error: quiet },
  }
}
