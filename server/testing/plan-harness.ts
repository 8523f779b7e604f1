import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDb, type Db } from '@/server/db/client'
import { readAuditEntries } from '@/server/db/repositories/audit-entries'
import { verifyChain } from '@/server/domain/audit-chain'
import type { PlanStep } from '@/server/domain/plan/types'
import { executeRun } from '@/server/executor/run'
import { LeaseLost } from '@/server/executor/types'
import { Terminal, Transient, Unreachable } from '@/server/ports/errors'
import { catalog, describeStep } from '@/server/steps/catalog'
import { type AnyStep, NotVerified } from '@/server/steps/step'
import {
  endOf,
  finish,
  fourAtATime,
  harnessDeps,
  isBeforeNoReturn,
  type RunEnd,
  retryFailed,
} from './plan-harness-parts'
import { startTestDatabase } from './postgres'
import { type Seed, type SeededRun, seedApprovedRun } from './seed-run'
import type { World } from './world/world'

/**
 * The three harnesses over one kind of plan, with the real executor, steps, journal and PostgreSQL; the regions are a `World`, which watches the invariants.
 *
 *   // server/executor/<kind>-harness.itest.ts
 *   describePlanHarness({
 *     name: 'a switchover',
 *     net: 87,                                              // loopback net of its control database
 *     seed: { build: buildSwitchoverPlan, facts: () => steadyFacts() },   // the facts must be what the world looks like
 *     world: () => new World(steadyRegions()),
 *     effects: ['fence:db-us-east', 'promote:db-us-west', …],            // each exactly once, in this order
 *     expectEnd: (world, service) => { … },                 // what is so when all is done, beyond "succeeded" and no invariant broken
 *   })
 *
 * 1. every step's `run` called twice: no effect happens twice, the end is the same
 * 2. a failure at each effect (transient, lost answer, final no) and in each step's precheck, run and verify: the run succeeds, or everything is as it was at the start
 *    (`world.shape()`), or it waits for a person past the point of no return and succeeds once the fault is gone and the person retries
 * 3. the worker killed after each of the journal's writes: the next one carries on, no effect happens twice, the end is the same
 *
 * More tests of the kind go beside the call, with `harnessDeps`, `finish` and `endOf` from `plan-harness-parts.ts`.
 */
export type PlanHarness = {
  name: string
  /** Second number of the loopback addresses of its control database. */
  net: number
  seed: Seed
  world(): World
  /** What the control database has besides, before any run is asked for. */
  prepare?(db: Db): Promise<void>
  /** Effects of the whole run, each once, in order. */
  effects: readonly string[]
  expectEnd(world: World, service: { writerServerId: string | null; writerTimeline: number | null }): void
  /** Looser than `world.shape()` at the start, for a kind whose way back cannot restore everything. */
  expectTakenBack?(world: World, shapeAtStart: unknown): void
  /** Steps whose final failure is neither taken back nor waits, by step id, with the run states that are right then. */
  endsOtherwise?: Readonly<Record<string, readonly RunEnd['state'][]>>
}

type Phase = 'precheck' | 'run' | 'verify'

/** The catalogue with one step's one phase replaced. */
function withFault(
  stepId: string | null,
  phase: Phase,
  fault: (original: () => Promise<unknown>, step: AnyStep) => Promise<unknown>,
) {
  return new Map(
    [...catalog].map(([id, step]): [string, AnyStep] => {
      if (stepId !== null && id !== stepId) return [id, step]
      const original = step[phase]
      // Guarantee: the fault gives what the original gave, or throws.
      const replaced = async (...given: unknown[]) => fault(() => Reflect.apply(original, step, given), step)
      return [id, { ...step, [phase]: replaced }]
    }),
  )
}

/** Each step's phase fails the first time, and is itself from then on. */
function failsOnce(phase: Phase, error: () => Error, after = false): Map<string, AnyStep> {
  const failed = new Set<string>()
  return withFault(null, phase, async (original, step) => {
    if (failed.has(step.id)) return original()
    if (!after) {
      failed.add(step.id)
      throw error()
    }
    const result = await original()
    if (typeof result === 'object' && result !== null && 'kind' in result && result.kind === 'wait') return result
    failed.add(step.id)
    throw error()
  })
}

export function describePlanHarness(harness: PlanHarness): void {
  let server: Awaited<ReturnType<typeof startTestDatabase>>
  let db: Db
  beforeAll(async () => {
    server = await startTestDatabase(harness.net)
    db = createDb(server.url, { max: 20 })
    await harness.prepare?.(db)
  })
  afterAll(async () => {
    await db?.$disconnect()
    await server?.stop()
  })

  const begin = async () => ({ world: harness.world(), seeded: await seedApprovedRun(db, describeStep, harness.seed) })
  const expectWhole = async (world: World, seeded: SeededRun, what = ''): Promise<void> => {
    const end = await endOf(db, seeded)
    expect(end, `${what} ${end.reason ?? ''}`).toMatchObject({ state: 'succeeded' })
    expect(new Set(Object.values(end.steps)), what).toEqual(new Set(['succeeded']))
    expect(world.effects, what).toEqual(harness.effects)
    expect(world.broken, what).toEqual([])
    harness.expectEnd(world, await db.service.findUniqueOrThrow({ where: { id: seeded.serviceId } }))
  }
  /** After a final failure: as it was, or a person is waited for and can go on once the fault is gone. */
  const expectSafeEnd = async (world: World, seeded: SeededRun, start: unknown, failing: PlanStep | null) => {
    const end = await endOf(db, seeded)
    const told = `${failing?.key ?? ''} ended ${end.state}: ${end.reason}`
    expect(world.broken, told).toEqual([])
    const otherwise = failing && harness.endsOtherwise?.[failing.stepId]
    if (otherwise) return expect(otherwise, told).toContain(end.state)
    if (isBeforeNoReturn(seeded.plan, end)) {
      expect(['compensated', 'failed'], told).toContain(end.state)
      if (harness.expectTakenBack) harness.expectTakenBack(world, start)
      else expect(world.shape(), told).toEqual(start)
      return
    }
    expect(end.state, told).toBe('paused')
    await retryFailed(db, seeded)
    await finish(db, world, seeded)
    await expectWhole(world, seeded, `${told}; retried:`)
  }

  describe(`${harness.name}: without trouble`, () => {
    it('does each effect once, in order, and leaves a chain that verifies', async () => {
      const { world, seeded } = await begin()
      expect(await executeRun(seeded.runId, harnessDeps(db, world, 'worker-a'))).toBe('ended')
      await expectWhole(world, seeded)
      expect(await verifyChain(readAuditEntries(db))).toMatchObject({ ok: true })
      expect(
        await executeRun(seeded.runId, harnessDeps(db, world, 'worker-b')),
        'an ended run is not begun again',
      ).toBe('nothing-to-do')
    })

    it('is led by one of three workers that start at the same moment', async () => {
      const { world, seeded } = await begin()
      const workers = ['worker-a', 'worker-b', 'worker-c']
      const outcomes = await Promise.all(
        workers.map((worker) => executeRun(seeded.runId, harnessDeps(db, world, worker))),
      )
      expect(outcomes.filter((outcome) => outcome === 'ended')).toHaveLength(1)
      await expectWhole(world, seeded)
    })
  })

  describe(`${harness.name}: every step run twice`, () => {
    it('changes nothing the second time', async () => {
      const { world, seeded } = await begin()
      const twice = withFault(null, 'run', async (original) => {
        const first = await original()
        const waits = typeof first === 'object' && first !== null && 'kind' in first && first.kind === 'wait'
        return waits ? first : original()
      })
      await executeRun(seeded.runId, harnessDeps(db, world, 'worker-a', { catalog: twice }))
      await expectWhole(world, seeded)
    })
  })

  describe(`${harness.name}: a failure at each effect`, () => {
    const effects = [...new Set(harness.effects)]
    it.each(effects)('%s: a transient no is tried again', async (effect) => {
      const { world, seeded } = await begin()
      let failed = 0
      world.before = (name) => {
        if (name === effect && failed++ === 0) throw new Transient('world', `${effect} is busy`)
      }
      await finish(db, world, seeded)
      await expectWhole(world, seeded)
    })

    it.each(effects)('%s: done, but the answer was lost, is found by looking', async (effect) => {
      const { world, seeded } = await begin()
      let failed = 0
      world.after = (name) => {
        if (name === effect && failed++ === 0) throw new Unreachable('world', 'no answer in time')
      }
      await finish(db, world, seeded)
      await expectWhole(world, seeded)
    })

    it.each(effects)('%s: a final no is taken back, or waits for a person', async (effect) => {
      const { world, seeded } = await begin()
      const start = world.shape()
      let failed = false
      world.before = (name) => {
        // Once: what is done on the way back is not what failed.
        if (name !== effect || failed) return
        failed = true
        throw new Terminal('world', 'not permitted')
      }
      await finish(db, world, seeded)
      const end = await endOf(db, seeded)
      const failing = seeded.plan.steps.find((step) => step.key === end.failedKey) ?? null
      expect(end.reason, `${effect} failed`).toContain('not permitted')
      await expectSafeEnd(world, seeded, start, failing)
    })
  })

  describe(`${harness.name}: a failure in each step`, () => {
    it.each([
      ['precheck', 'is busy the first time', () => failsOnce('precheck', () => new Transient('step', 'busy'))],
      ['run', 'is busy the first time', () => failsOnce('run', () => new Transient('step', 'busy'))],
      [
        'run',
        'does its work and loses the answer',
        () => failsOnce('run', () => new Unreachable('step', 'lost'), true),
      ],
      ['verify', 'does not see it yet the first time', () => failsOnce('verify', () => new NotVerified('not yet'))],
    ] as const)('%s of every step %s: the run succeeds', async (_phase, _how, faulty) => {
      const { world, seeded } = await begin()
      await executeRun(seeded.runId, harnessDeps(db, world, 'worker-a', { catalog: faulty() }))
      await expectWhole(world, seeded)
    })

    it.each(['precheck', 'run', 'verify'] as const)(
      'a final no in %s of any step is taken back, or waits for a person',
      async (phase) => {
        const { plan } = await seedApprovedRun(db, describeStep, harness.seed)
        await fourAtATime(plan.steps, async (failing) => {
          const { world, seeded } = await begin()
          const start = world.shape()
          let failed = false
          const no = withFault(failing.stepId, phase, async (original) => {
            if (failed) return original()
            failed = true
            throw new Terminal('step', 'not permitted')
          })
          await finish(db, world, seeded, { catalog: no })
          expect(failed, `${failing.stepId} was reached`).toBe(true)
          await expectSafeEnd(world, seeded, start, failing)
        })
      },
      240_000,
    )
  })

  describe(`${harness.name}: the worker killed after any write`, () => {
    it('is carried on by the next one, and no effect happens twice', async () => {
      const { world: probe, seeded: first } = await begin()
      let writes = 0
      const afterWrite = () => {
        writes += 1
      }
      await executeRun(first.runId, harnessDeps(db, probe, 'worker-a', { afterWrite }))
      expect(writes).toBeGreaterThanOrEqual(3 * first.plan.steps.length)
      await fourAtATime([...Array(writes).keys()], async (at) => {
        const { world, seeded } = await begin()
        let written = 0
        const dies = {
          afterWrite: () => {
            written += 1
            if (written === at + 1) throw new LeaseLost('killed here')
          },
        }
        const outcome = await executeRun(seeded.runId, harnessDeps(db, world, 'worker-killed', dies))
        // Waiting steps write their progress or not, as the moment has it: a run may be over before its last possible write.
        if (written >= at + 1) expect(outcome, `killed after write ${at + 1}`).toBe('lease-lost')
        await finish(db, world, seeded)
        await expectWhole(world, seeded, `killed after write ${at + 1}:`)
      })
    }, 300_000)
  })
}
