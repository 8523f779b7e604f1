import type { Db } from '@/server/db/client'
import type { Actor } from '@/server/domain/actor'
import type { StepDescriber } from '@/server/domain/plan/describe'
import type { Grant } from '@/server/domain/rights'
import type { Clock } from '@/server/ports/clock'
import type { SecondFactor } from '@/server/ports/second-factor'

/** What every verb and query is given: who asks, with which rights, and the few things it may touch. */
export type Context = {
  db: Db
  clock: Clock
  actor: Actor
  grants: readonly Grant[]
  describeStep: StepDescriber
  /** Hints to the workers that a run waits. Never throws: the reconciler finds what a lost hint left behind. */
  enqueueRun(runId: string): Promise<void>
  /** Where people ask; absent in workers and at set-up, where nobody could be asked for a code. */
  secondFactor?: SecondFactor
}
