import { type Grant, may, type Right, rolesWith } from '../rights'
import type { RunState, StepState } from './states'

/** Whether something may be done with a run, and why not, in words for whoever wants to. */
export type Capability = { allowed: boolean; reason: string | null; code: RefusalCode | null }
export type RefusalCode = 'forbidden' | 'own-request' | 'wrong-state' | 'expired' | 'conflict'

export type RunFacts = {
  service: string
  state: RunState
  requesterId: string
  /** Until when it may be decided on or, once approved, started. */
  expiresAtMs: number
  /** Asked for by a person and not obeyed yet. */
  request: 'pause' | 'abort' | null
  direction: 'forward' | 'backward'
  /** The step at the point of no return was begun: forward is the only way. */
  pointOfNoReturnPassed: boolean
  /** Title of the step that failed and waits for a person; null when none does. */
  failedStep?: string | null
  /** Who has decided on it already. */
  deciderIds: readonly string[]
}
export type Person = { id: string; grants: readonly Grant[]; nowMs: number }
export type StepFacts = { title: string; state: StepState; skippable: boolean }

export const runVerbs = ['approve', 'reject', 'pause', 'resume', 'abort'] as const
export type RunVerb = (typeof runVerbs)[number]

type Case = { run: RunFacts; person: Person; step: StepFacts | null }
type Rule = { code: RefusalCode; when(c: Case): boolean; reason: string | ((c: Case) => string) }

const rule = (code: RefusalCode, when: Rule['when'], reason: Rule['reason']): Rule => ({ code, when, reason })
const needs = (right: Right): Rule =>
  rule(
    'forbidden',
    ({ run, person }) => !may(person.grants, right, run.service),
    `This needs the role ${rolesWith(right).join(' or ')} on this service.`,
  )

const decide: readonly Rule[] = [
  rule('wrong-state', ({ run }) => run.state !== 'awaiting_approval', 'It does not wait for approval.'),
  rule('own-request', ({ run, person }) => run.requesterId === person.id, 'Nobody decides on their own request.'),
  needs('run.approve'),
  rule('expired', ({ run, person }) => run.expiresAtMs <= person.nowMs, 'Its time to be approved has run out.'),
  rule('conflict', ({ run, person }) => run.deciderIds.includes(person.id), 'You have decided on it already.'),
]

const stepWaits: readonly Rule[] = [rule('wrong-state', ({ run }) => run.state !== 'paused', 'The run is not paused.')]

/** The rules, in the order in which they are told: the first that refuses is the reason. Verbs, queries and buttons read this table. */
const rules: Record<RunVerb | 'retry' | 'skip', readonly Rule[]> = {
  approve: decide,
  reject: decide,
  pause: [
    rule('wrong-state', ({ run }) => run.state !== 'running', 'It is not running.'),
    rule(
      'wrong-state',
      ({ run }) => run.direction === 'backward',
      'It is taking back what it changed, and stops by itself after that.',
    ),
    rule(
      'conflict',
      ({ run }) => run.request !== null,
      ({ run }) => (run.request === 'abort' ? 'An abort was asked for already.' : 'A pause was asked for already.'),
    ),
    needs('run.control'),
  ],
  resume: [
    rule('wrong-state', ({ run }) => run.state !== 'paused', 'It is not paused.'),
    rule(
      'wrong-state',
      ({ run }) => (run.failedStep ?? null) !== null,
      ({ run }) => `“${run.failedStep}” failed: retry it, or skip it where that is allowed.`,
    ),
    needs('run.control'),
  ],
  abort: [
    rule(
      'wrong-state',
      ({ run }) => !['awaiting_approval', 'approved', 'running', 'paused'].includes(run.state),
      'It is not open any more.',
    ),
    rule('wrong-state', ({ run }) => run.direction === 'backward', 'It is taking back what it changed already.'),
    rule(
      'wrong-state',
      ({ run }) => run.state === 'running' && run.pointOfNoReturnPassed,
      'It is past the point of no return: forward is the only way. It can be paused.',
    ),
    rule('conflict', ({ run }) => run.request === 'abort', 'An abort was asked for already.'),
    rule(
      'forbidden',
      ({ run, person }) => !mayStop(run, person),
      `This needs the role ${rolesWith('run.control').join(' or ')} on this service, or to be its requester.`,
    ),
  ],
  retry: [
    ...stepWaits,
    rule('wrong-state', ({ step }) => step?.state !== 'failed', 'It did not fail.'),
    needs('run.control'),
  ],
  skip: [
    ...stepWaits,
    rule(
      'wrong-state',
      ({ step }) => step?.state !== 'failed' && step?.state !== 'pending',
      'It neither failed nor is still to come.',
    ),
    rule(
      'wrong-state',
      ({ step }) => step?.skippable !== true,
      'This step may not be skipped: what follows leans on it.',
    ),
    needs('run.control'),
  ],
}

/** A request that has not begun may be taken back by whoever made it. */
function mayStop(run: RunFacts, person: Person): boolean {
  if (may(person.grants, 'run.control', run.service)) return true
  const notBegun = run.state === 'awaiting_approval' || run.state === 'approved'
  return notBegun && run.requesterId === person.id && may(person.grants, 'run.request', run.service)
}

function judge(verb: keyof typeof rules, c: Case): Capability {
  const refusing = rules[verb].find((each) => each.when(c))
  if (!refusing) return { allowed: true, reason: null, code: null }
  const reason = typeof refusing.reason === 'string' ? refusing.reason : refusing.reason(c)
  return { allowed: false, reason, code: refusing.code }
}

/** Whether a person may do this with a run now. Pure: the verb asks again inside its transaction. */
export function can(verb: RunVerb, run: RunFacts, person: Person): Capability {
  return judge(verb, { run, person, step: null })
}

/** Whether a person may have a step tried again: it failed, and the run waits for a person. */
export function canRetryStep(run: RunFacts, step: StepFacts, person: Person): Capability {
  return judge('retry', { run, person, step })
}

/** Whether a person may leave a step out: never where the plan says that what follows leans on it. */
export function canSkipStep(run: RunFacts, step: StepFacts, person: Person): Capability {
  return judge('skip', { run, person, step })
}
