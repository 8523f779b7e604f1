import { runFacts } from '@/server/db/repositories/runs'
import { can } from '@/server/domain/run/can'
import type { Context } from '../context'
import { type Control, type Controlled, type ControlVerb, controlRun } from './control'

const verb: ControlVerb = {
  action: 'run.resume',
  notDone: 'The run stays paused.',
  judge: (run, person) => can('resume', runFacts(run), person),
  effect: () => ({ run: { state: 'running', request: null, stateReason: null }, wake: true }),
}

/** Lets a paused run go on. @throws ServiceError */
export function resumeRun(ctx: Context, control: Control): Promise<Controlled> {
  return controlRun(ctx, verb, control)
}
