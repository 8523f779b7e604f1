import { runFacts } from '@/server/db/repositories/runs'
import { can } from '@/server/domain/run/can'
import type { Context } from '../context'
import { type Control, type Controlled, type ControlVerb, controlRun } from './control'

const verb: ControlVerb = {
  action: 'run.pause',
  notDone: 'The run was not asked to pause.',
  judge: (run, person) => can('pause', runFacts(run), person),
  effect: () => ({ run: { request: 'pause' }, wake: false }),
}

/** Asks a running run to pause; its worker obeys between steps and while it waits. @throws ServiceError */
export function pauseRun(ctx: Context, control: Control): Promise<Controlled> {
  return controlRun(ctx, verb, control)
}
