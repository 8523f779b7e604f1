import { createDb } from '@/server/db/client'
import { executeRun } from '@/server/executor/run'
import type { ExecutorDeps } from '@/server/executor/types'
import { catalog, describeStep } from '@/server/steps/catalog'
import { startTestDatabase } from '@/server/testing/postgres'
import { seedApprovedRun } from '@/server/testing/seed-run'
import { connectWorld, World } from '@/server/testing/world'
import { type Summary, summarise } from './stats'

/**
 * What a step costs apart from what it does: journal, audit and lease on a durable PostgreSQL, over a world that answers at once. In milliseconds a step,
 * with the bare transaction of the same machine beside it.
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
      writes = 0
      const begun = performance.now()
      await executeRun(
        seeded.runId,
        deps(db, world, () => {
          writes += 1
        }),
      )
      steps = seeded.plan.steps.length
      perStep.push((performance.now() - begun) / steps)
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

function deps(db: ExecutorDeps['db'], world: World, afterWrite: () => void): ExecutorDeps {
  const quiet = () => undefined
  return {
    db,
    clock: { now: () => Date.now(), sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) },
    worker: { type: 'worker', id: 'bench', vantage: 'vantage-a' },
    catalog,
    connect: () => connectWorld(world),
    leaseMs: 10_000,
    afterWrite,
    log: { info: quiet, warn: quiet, error: quiet },
  }
}
