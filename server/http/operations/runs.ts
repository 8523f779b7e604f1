import { z } from 'zod'
import type { Right } from '@/server/domain/rights'
import { runStates } from '@/server/domain/run/states'
import { page } from '@/server/queries/dto/common'
import { controlBody, decisionBody, runSummary, runView } from '@/server/queries/dto/run'
import { getRun, listRuns } from '@/server/queries/runs'
import type { Context } from '@/server/services/context'
import { abortRun } from '@/server/services/runs/abort'
import { decideRun } from '@/server/services/runs/decide'
import { pauseRun } from '@/server/services/runs/pause'
import { resumeRun } from '@/server/services/runs/resume'
import { retryStep } from '@/server/services/runs/retry'
import { skipStep } from '@/server/services/runs/skip'
import { defineOperation, noBody, noParams, noQuery } from '../operation'
import { cursor, idParams, idText, limit, listOf } from './common'

const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((text) => text === 'true')

export const listRunsOperation = defineOperation({
  id: 'listRuns',
  method: 'GET',
  path: '/api/v1/runs',
  right: 'run.read',
  summary: 'Runs, newest first; with waitingForMe=true those on which the caller may decide now.',
  params: noParams,
  query: z.strictObject({
    service: idText.optional(),
    state: listOf(runStates).optional(),
    waitingForMe: flag,
    cursor,
    limit: limit(50, 100),
  }),
  body: noBody,
  response: { status: 200, schema: page(runSummary) },
  idempotent: false,
  handle: (context, { query }) => listRuns(context, query),
})

export const getRunOperation = defineOperation({
  id: 'getRun',
  method: 'GET',
  path: '/api/v1/runs/{id}',
  right: 'run.read',
  summary:
    'One run: its plan with every step’s state, approvals, what was measured, and what the caller may do with it.',
  params: idParams,
  query: noQuery,
  body: noBody,
  response: { status: 200, schema: runView },
  idempotent: false,
  handle: (context, { params }) => getRun(context, params.id),
})

export const decideRunOperation = defineOperation({
  id: 'decideRun',
  method: 'POST',
  path: '/api/v1/runs/{id}/approvals',
  right: 'run.approve',
  action: 'run.approve',
  summary: 'Approves or rejects exactly the plan with this digest. Nobody decides on their own request.',
  params: idParams,
  query: noQuery,
  body: z.strictObject(decisionBody.shape),
  response: { status: 200, schema: runView },
  idempotent: true,
  async handle(context, { params, body }) {
    await decideRun(context, { runId: params.id, ...body })
    return getRun(context, params.id)
  },
})

type Control = { runId: string; reason: string; stepKey?: string }
type Steering = {
  verb: string
  right: Right
  action: string
  summary: string
  run(context: Context, control: Control): Promise<unknown>
}

function controlOperation({ verb, right, action, summary, run }: Steering) {
  return defineOperation({
    id: `${verb}Run`,
    method: 'POST',
    path: `/api/v1/runs/{id}/${verb}`,
    right,
    action,
    summary,
    params: idParams,
    query: noQuery,
    body: z.strictObject(controlBody.shape),
    response: { status: 200, schema: runView },
    idempotent: true,
    async handle(context, { params, body }) {
      await run(context, { runId: params.id, ...body })
      return getRun(context, params.id)
    },
  })
}

export const abortRunOperation = controlOperation({
  verb: 'abort',
  // Whoever may ask for a run may take their own request back; the verb decides about everybody else's.
  right: 'run.request',
  action: 'run.abort',
  summary: 'Takes a run back before it begins; asks for an abort while it runs, before the point of no return.',
  run: abortRun,
})
export const pauseRunOperation = controlOperation({
  verb: 'pause',
  right: 'run.control',
  action: 'run.pause',
  summary: 'Asks a running run to pause; obeyed between steps and while waiting.',
  run: pauseRun,
})
export const resumeRunOperation = controlOperation({
  verb: 'resume',
  right: 'run.control',
  action: 'run.resume',
  summary: 'Lets a paused run go on.',
  run: resumeRun,
})
export const retryStepOperation = controlOperation({
  verb: 'retry',
  right: 'run.control',
  action: 'step.retry',
  summary: 'Has the failed step tried again, beginning with a look at what is so; the run goes on.',
  run: retryStep,
})
export const skipStepOperation = controlOperation({
  verb: 'skip',
  right: 'run.control',
  action: 'step.skip',
  summary: 'Leaves a step out for a reason, where the plan allows it.',
  run: skipStep,
})
