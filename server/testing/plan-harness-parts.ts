import { randomUUID } from 'node:crypto'
import type { Db } from '@/server/db/client'
import type { Plan } from '@/server/domain/plan/types'
import { executeRun } from '@/server/executor/run'
import type { ExecutorDeps } from '@/server/executor/types'
import { retryStep } from '@/server/services/runs/retry'
import { catalog, describeStep } from '@/server/steps/catalog'
import type { SeededRun } from './seed-run'
import { connectWorld } from './world/connect'
import type { World } from './world/world'

/** What tests of the executor over a `World` are built of; `plan-harness.ts` is the frame. */
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }

const leaseMs = 30_000
const renewMs = leaseMs / 3

const clock = {
  now: () => Date.now(),
  sleep: (ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      // Waits of steps are real but short: what is tested is the order of writes, not the length of a backoff. The lease is renewed at its own pace,
      // or a renewal every few milliseconds would find a lost lease before the write that has to.
      const stop = (): void => {
        clearTimeout(timer)
        reject(signal?.reason)
      }
      const timer = setTimeout(
        () => {
          signal?.removeEventListener('abort', stop)
          resolve()
        },
        ms >= renewMs ? ms : Math.min(ms, 5),
      )
      signal?.addEventListener('abort', stop, { once: true })
    }),
}

export function harnessDeps(db: Db, world: World, worker: string, over: Partial<ExecutorDeps> = {}): ExecutorDeps {
  return {
    db,
    clock,
    worker: { type: 'worker', id: worker, vantage: 'vantage-a' },
    catalog,
    connect: () => connectWorld(world),
    leaseMs,
    log: quiet,
    ...over,
  }
}

export type RunEnd = {
  state: string
  reason: string | null
  steps: Record<string, string>
  /** Key of the first step with an error; null when none has. */
  failedKey: string | null
  failedPhase: string | null
}

export async function endOf(db: Db, seeded: SeededRun): Promise<RunEnd> {
  const run = await db.run.findUniqueOrThrow({
    where: { id: seeded.runId },
    include: { steps: { orderBy: { position: 'asc' } } },
  })
  const attempt = await db.stepAttempt.findFirst({
    where: { runId: seeded.runId, direction: 'forward', outcome: 'failed' },
    orderBy: { startedAt: 'desc' },
  })
  const error = attempt?.error
  const phase = error && typeof error === 'object' && 'phase' in error ? String(error.phase) : null
  return {
    state: run.state,
    reason: run.stateReason,
    steps: Object.fromEntries(run.steps.map((step) => [step.stepId, step.state])),
    failedKey: attempt?.key ?? null,
    failedPhase: phase,
  }
}

/** As a supervisor would: new workers take the run up until it has ended or waits for a person. */
export async function finish(db: Db, world: World, seeded: SeededRun, over: Partial<ExecutorDeps> = {}): Promise<void> {
  for (let worker = 0; worker < 20; worker += 1) {
    const outcome = await executeRun(seeded.runId, harnessDeps(db, world, `worker-${worker}`, over))
    if (outcome !== 'busy' && outcome !== 'lease-lost') return
    await db.serviceLease.updateMany({ where: { serviceId: seeded.serviceId }, data: { expiresAt: new Date(0) } })
  }
  throw new Error('twenty workers did not bring the run to an end')
}

/** Whether a run that failed where `end` says had still everything to take back. The step at the point counts as passed unless its precheck refused. */
export function isBeforeNoReturn(plan: Plan, end: RunEnd): boolean {
  const point = plan.steps.find((step) => step.pointOfNoReturn)
  if (!point || end.failedKey === null) return true
  return end.failedKey < point.key || (end.failedKey === point.key && end.failedPhase === 'precheck')
}

/** A person has the failed step sent again, through the verb that the page uses. */
export async function retryFailed(db: Db, seeded: SeededRun): Promise<void> {
  const failed = await db.runStep.findFirstOrThrow({ where: { runId: seeded.runId, state: 'failed' } })
  const id = randomUUID()
  await db.user.create({
    data: { id, name: 'operator', email: `${id}@test`, grants: { create: { service: '*', role: 'operator' } } },
  })
  await retryStep(
    {
      db,
      clock,
      actor: { type: 'user', id, email: `${id}@test`, via: 'session' },
      grants: [{ role: 'operator', service: '*' }],
      describeStep,
      enqueueRun: async () => undefined,
    },
    { runId: seeded.runId, stepKey: failed.key, reason: 'the fault is gone' },
  )
}

/** As many as two cores and one audit head are worth. @throws AggregateError with everything that failed */
export async function fourAtATime<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items]
  const failures: unknown[] = []
  const one = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      await work(item).catch((error: unknown) => failures.push(error))
    }
  }
  await Promise.all([one(), one(), one(), one()])
  if (failures.length === 0) return
  const told = failures.map((each) => (each instanceof Error ? each.message : String(each)))
  throw new AggregateError(
    failures,
    `${failures.length} of ${items.length} failed:\n${told.slice(0, 8).join('\n---\n')}`,
  )
}
