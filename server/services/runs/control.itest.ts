import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Plan } from '@/server/domain/plan/types'
import { plan as planSchema } from '@/server/domain/plan/types'
import type { RunState, StepState } from '@/server/domain/run/states'
import { startTestControlPlane, type TestControlPlane } from '@/server/testing/control-plane'
import type { Context } from '../context'
import { ServiceError } from '../errors'
import { abortRun } from './abort'
import type { Control, Controlled } from './control'
import { pauseRun } from './pause'
import { requestRun } from './request'
import { resumeRun } from './resume'
import { retryStep } from './retry'
import { skipStep } from './skip'

let control: TestControlPlane
let operator: Context
let viewer: Context
const reason = 'because a test says so'

beforeAll(async () => {
  control = await startTestControlPlane(64)
  operator = await control.person('operator')
  viewer = await control.person('viewer')
})
afterAll(async () => control?.stop())

const promote = 'postgres.promote-candidate'
const prewarm = 'cache.prewarm'

/** A run in this state, with the steps before `at` done and that one as given. */
async function runIn(state: RunState, at?: { stepId: string; state: StepState }): Promise<{ id: string; plan: Plan }> {
  const service = await control.lostService()
  const { runId: id } = await requestRun(operator, { service, kind: 'failover', inputs: {}, reason })
  const row = await control.db.run.update({ where: { id }, data: { state }, include: { plan: true } })
  const plan = planSchema.parse(row.plan.document)
  const position = plan.steps.findIndex((step) => step.stepId === at?.stepId)
  if (at) {
    await control.db.runStep.updateMany({
      where: { runId: id, position: { lt: position } },
      data: { state: 'succeeded' },
    })
    await control.db.runStep.updateMany({ where: { runId: id, position }, data: { state: at.state } })
  }
  return { id, plan }
}

const row = (id: string) => control.db.run.findUniqueOrThrow({ where: { id } })
const stepState = async (runId: string, stepId: string) =>
  (await control.db.runStep.findFirstOrThrow({ where: { runId, stepId } })).state
const lastEntry = (runId: string) =>
  control.db.auditEntry.findFirstOrThrow({ where: { runId }, orderBy: { seq: 'desc' } })

type Verb = (ctx: Context, control: Control) => Promise<Controlled>
async function refused(verb: Verb, runId: string, who = operator, stepKey?: string): Promise<ServiceError> {
  const before = await row(runId)
  const error: unknown = await verb(who, { runId, reason, stepKey }).catch((thrown: unknown) => thrown)
  if (!(error instanceof ServiceError)) throw error
  const after = await row(runId)
  expect([after.state, after.request, after.version]).toEqual([before.state, before.request, before.version])
  return error
}

describe('every verb', () => {
  const verbs: [string, Verb, RunState, { stepId: string; state: StepState } | undefined][] = [
    ['pause', pauseRun, 'running', undefined],
    ['resume', resumeRun, 'paused', undefined],
    ['abort', abortRun, 'running', undefined],
    ['retry', retryStep, 'paused', { stepId: promote, state: 'failed' }],
    ['skip', skipStep, 'paused', { stepId: prewarm, state: 'failed' }],
  ]

  it.each(verbs)('%s needs the right, and the refusal is written down', async (name, verb, state, at) => {
    const { id } = await runIn(state, at)
    expect((await refused(verb, id, viewer)).code).toBe('forbidden')
    expect(await lastEntry(id)).toMatchObject({ outcome: 'deny', action: expect.stringContaining(name) })
  })

  it.each(verbs)('%s is refused for a run that has ended', async (_name, verb) => {
    const { id } = await runIn('succeeded', { stepId: promote, state: 'succeeded' })
    const key = (await control.db.runStep.findFirstOrThrow({ where: { runId: id } })).key
    expect((await refused(verb, id, operator, key)).code).toBe('wrong-state')
  })

  it.each(verbs)('%s twenty times at once is done once', async (_name, verb, state, at) => {
    const { id } = await runIn(state, at)
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => verb(operator, { runId: id, reason })))
    expect(results.filter((each) => each.status === 'fulfilled')).toHaveLength(1)
    const done = await control.db.auditEntry.count({
      where: { runId: id, outcome: 'ok', action: { not: 'run.request' } },
    })
    expect(done).toBe(1)
  })

  it('needs a reason, and a run that exists', async () => {
    const { id } = await runIn('running')
    const short = await pauseRun(operator, { runId: id, reason: ' ' }).catch((error: unknown) => error)
    expect(short).toMatchObject({ code: 'invalid' })
    const missing = await pauseRun(operator, { runId: 'nothing', reason }).catch((error: unknown) => error)
    expect(missing).toMatchObject({ code: 'not-found' })
  })
})

describe('pause and resume', () => {
  it('asks the worker to pause, and says by whom and why', async () => {
    const { id } = await runIn('running')
    expect(await pauseRun(operator, { runId: id, reason })).toEqual({ state: 'running' })
    expect(await row(id)).toMatchObject({ request: 'pause', requestReason: reason, requestBy: operator.actor })
    expect(await lastEntry(id)).toMatchObject({ action: 'run.pause', outcome: 'ok' })
  })

  it('resumes and wakes the workers', async () => {
    const { id } = await runIn('paused')
    expect(await resumeRun(operator, { runId: id, reason })).toEqual({ state: 'running' })
    expect(control.woken).toContain(id)
  })

  it('does not resume over a failed step', async () => {
    const { id } = await runIn('paused', { stepId: promote, state: 'failed' })
    expect((await refused(resumeRun, id)).message).toContain('retry it')
  })
})

describe('abort', () => {
  it.each<RunState>(['awaiting_approval', 'approved'])(
    'takes back what is %s at once, also by its requester',
    async (state) => {
      const { id } = await runIn(state)
      expect(await abortRun(operator, { runId: id, reason })).toEqual({ state: 'aborted' })
      expect((await row(id)).stateReason).toContain('Nothing was done')
    },
  )

  it('asks the worker of a running run', async () => {
    const { id } = await runIn('running')
    expect(await abortRun(operator, { runId: id, reason })).toEqual({ state: 'running' })
    expect((await row(id)).request).toBe('abort')
  })

  it('sends a paused run back, before the point of no return', async () => {
    const { id } = await runIn('paused', { stepId: promote, state: 'pending' })
    expect(await abortRun(operator, { runId: id, reason })).toEqual({ state: 'running' })
    expect((await row(id)).request).toBe('abort')
    expect(control.woken).toContain(id)
  })

  it.each<StepState>(['running', 'verifying', 'succeeded'])(
    'is refused while it runs with promote %s',
    async (state) => {
      const { id } = await runIn('running', { stepId: promote, state })
      expect((await refused(abortRun, id)).message).toContain('point of no return')
    },
  )

  it('closes a run that is paused past the point of no return, and lists what remains', async () => {
    const { id } = await runIn('paused', { stepId: promote, state: 'failed' })
    expect(await abortRun(operator, { runId: id, reason })).toEqual({ state: 'failed' })
    expect((await row(id)).stateReason).toContain('Not done:')
    expect((await row(id)).endedAt).not.toBeNull()
  })
})

describe('retry and skip', () => {
  it('retries the failed step and goes on', async () => {
    const { id } = await runIn('paused', { stepId: promote, state: 'failed' })
    expect(await retryStep(operator, { runId: id, reason })).toEqual({ state: 'running' })
    expect(await stepState(id, promote)).toBe('pending')
    expect(control.woken).toContain(id)
  })

  it('skips a failed step that may be skipped, with its reason, and goes on', async () => {
    const { id } = await runIn('paused', { stepId: prewarm, state: 'failed' })
    expect(await skipStep(operator, { runId: id, reason })).toEqual({ state: 'running' })
    const step = await control.db.runStep.findFirstOrThrow({ where: { runId: id, stepId: prewarm } })
    expect(step).toMatchObject({ state: 'skipped', skipReason: reason })
  })

  it('skips a step that is still to come, and stays paused', async () => {
    const { id, plan } = await runIn('paused')
    const stepKey = plan.steps.find((step) => step.stepId === prewarm)?.key
    expect(await skipStep(operator, { runId: id, reason, stepKey })).toEqual({ state: 'paused' })
    expect(await stepState(id, prewarm)).toBe('skipped')
  })

  it('never skips what others lean on', async () => {
    const { id } = await runIn('paused', { stepId: promote, state: 'failed' })
    expect((await refused(skipStep, id)).message).toContain('may not be skipped')
    expect(await stepState(id, promote)).toBe('failed')
  })
})
