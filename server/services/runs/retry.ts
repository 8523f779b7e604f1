import { runFacts } from '@/server/db/repositories/runs'
import { canRetryStep } from '@/server/domain/run/can'
import type { Context } from '../context'
import { type Control, type Controlled, type ControlVerb, controlRun } from './control'
import { stepOf } from './steps'

const verb: ControlVerb = {
  action: 'step.retry',
  notDone: 'The step was not sent again.',
  judge: (run, person, control) => canRetryStep(runFacts(run), stepOf(run, control), person),
  effect: (run, control) => {
    const { key } = stepOf(run, control)
    return {
      run: { state: 'running', request: null, stateReason: null },
      step: { key, from: 'failed', to: 'pending', skipReason: null },
      data: { step: key },
      wake: true,
    }
  },
}

/** Has the failed step tried again, beginning with a look at what is so; the run goes on. @throws ServiceError */
export function retryStep(ctx: Context, control: Control): Promise<Controlled> {
  return controlRun(ctx, verb, control)
}
