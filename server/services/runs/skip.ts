import { runFacts } from '@/server/db/repositories/runs'
import { canSkipStep } from '@/server/domain/run/can'
import type { Context } from '../context'
import { type Control, type Controlled, type ControlVerb, controlRun, type Effect } from './control'
import { stepOf } from './steps'

const verb: ControlVerb = {
  action: 'step.skip',
  notDone: 'The step was not skipped.',
  judge: (run, person, control) => canSkipStep(runFacts(run), stepOf(run, control), person),
  effect: (run, control): Effect => {
    const { key, state } = stepOf(run, control)
    const waitedForIt = state === 'failed'
    return {
      // Skipping what is still to come settles that alone; the run stays paused for whoever paused it.
      run: waitedForIt ? { state: 'running', request: null, stateReason: null } : {},
      step: { key, from: state, to: 'skipped', skipReason: control.reason },
      data: { step: key },
      wake: waitedForIt,
    }
  },
}

/** Leaves a step out, for a reason. @throws ServiceError */
export function skipStep(ctx: Context, control: Control): Promise<Controlled> {
  return controlRun(ctx, verb, control)
}
