import { type RunRecord, runFacts } from '@/server/db/repositories/runs'
import { can } from '@/server/domain/run/can'
import type { Context } from '../context'
import { type Control, type Controlled, type ControlVerb, controlRun, type Effect } from './control'

const verb: ControlVerb = {
  action: 'run.abort',
  notDone: 'The run was not aborted.',
  judge: (run, person) => can('abort', runFacts(run), person),
  effect: (run, control, who) => effectOf(run, control.reason, who),
}

/**
 * Before it began: taken back at once. While it runs, before the point of no return: asked of its worker, which takes back what was changed. Paused past
 * that point, where nothing can be taken back: closed as failed, so that the service can have another run.
 * @throws ServiceError
 */
export function abortRun(ctx: Context, control: Control): Promise<Controlled> {
  return controlRun(ctx, verb, control)
}

function effectOf(run: RunRecord, reason: string, who: string): Effect {
  if (run.state === 'awaiting_approval' || run.state === 'approved') {
    const stateReason = `Taken back by ${who} before it began: ${reason}. Nothing was done.`
    return { run: { state: 'aborted', stateReason, ended: true }, wake: false }
  }
  if (run.state === 'running') return { run: { request: 'abort' }, wake: false }
  if (!runFacts(run).pointOfNoReturnPassed) return { run: { state: 'running', request: 'abort' }, wake: true }
  const left = run.plan.steps.filter((step) => {
    const state = run.steps.find((each) => each.key === step.key)?.state
    return state !== 'succeeded' && state !== 'skipped'
  })
  const remains = left.map((step) => step.title).join('; ')
  const stateReason = `Closed by ${who} past the point of no return: ${reason}. Not done: ${remains}.`
  return {
    run: { state: 'failed', request: null, stateReason, ended: true },
    data: { remains: left.map((step) => step.key) },
    wake: false,
  }
}
