/** The states of a run and of a step as tables: the database guard, the buttons and the diagrams in docs/ read these rows. */
export type Transition<S extends string> = { from: S; on: string; to: S; guard: string; comment: string }

export const runStates = [
  'draft',
  'awaiting_approval',
  'approved',
  'running',
  'paused',
  'succeeded',
  'failed',
  'aborted',
  'compensated',
  'compensation_failed',
  'rejected',
  'expired',
  'superseded',
] as const
export type RunState = (typeof runStates)[number]

export const runTransitions: readonly Transition<RunState>[] = [
  {
    from: 'draft',
    on: 'submit',
    to: 'awaiting_approval',
    guard: 'the plan is built',
    comment: 'A plan is shown and waits for its approvals',
  },
  {
    from: 'draft',
    on: 'supersede',
    to: 'superseded',
    guard: 'a newer run of the service was opened',
    comment: 'A newer plan took its place',
  },
  {
    from: 'awaiting_approval',
    on: 'approve',
    to: 'approved',
    guard: 'enough people said yes to exactly this digest',
    comment: 'Approved; a worker will start it',
  },
  {
    from: 'awaiting_approval',
    on: 'reject',
    to: 'rejected',
    guard: 'an approver said no',
    comment: 'An approver said no; nothing was done',
  },
  {
    from: 'awaiting_approval',
    on: 'expire',
    to: 'expired',
    guard: 'nobody decided in time',
    comment: 'Nobody decided in time; nothing was done',
  },
  {
    from: 'awaiting_approval',
    on: 'withdraw',
    to: 'aborted',
    guard: 'the requester or an operator took it back',
    comment: 'Taken back before it started; nothing was done',
  },
  {
    from: 'awaiting_approval',
    on: 'supersede',
    to: 'superseded',
    guard: 'a draft that nobody asked for, and its outage is over or the service has moved on',
    comment: 'What it was drafted for is over; nothing was done',
  },
  {
    from: 'approved',
    on: 'start',
    to: 'running',
    guard: 'lease held, approval still valid, digest unchanged',
    comment: 'A worker took the lease and started',
  },
  {
    from: 'approved',
    on: 'expire',
    to: 'expired',
    guard: 'not started before the approval ran out',
    comment: 'The approval ran out before it started; nothing was done',
  },
  {
    from: 'approved',
    on: 'withdraw',
    to: 'aborted',
    guard: 'taken back before the first step',
    comment: 'Taken back before the first step; nothing was done',
  },
  {
    from: 'approved',
    on: 'refuse',
    to: 'failed',
    guard: 'the approval or the plan no longer holds',
    comment: 'Refused at the start: approval, rights or plan no longer hold; nothing was done',
  },
  {
    from: 'running',
    on: 'pause',
    to: 'paused',
    guard: 'asked for, or a step past the point of no return failed',
    comment: 'Waits for a person',
  },
  {
    from: 'running',
    on: 'finish',
    to: 'succeeded',
    guard: 'every step succeeded or was skipped with a reason',
    comment: 'Every step is done and verified',
  },
  {
    from: 'running',
    on: 'give-up',
    to: 'failed',
    guard: 'nothing had been changed, or nothing can be taken back',
    comment: 'Stopped; what remains is listed',
  },
  {
    from: 'running',
    on: 'abort-done',
    to: 'aborted',
    guard: 'asked for before the point of no return, and taken back',
    comment: 'Aborted; what had been changed was taken back',
  },
  {
    from: 'running',
    on: 'compensate-done',
    to: 'compensated',
    guard: 'a step failed before the point of no return',
    comment: 'A step failed; what had been changed was taken back',
  },
  {
    from: 'running',
    on: 'compensate-fail',
    to: 'compensation_failed',
    guard: 'taking back failed',
    comment: 'Taking back failed; a person has to look',
  },
  { from: 'paused', on: 'resume', to: 'running', guard: 'asked for by someone entitled', comment: 'Goes on' },
  {
    from: 'paused',
    on: 'close',
    to: 'failed',
    guard: 'closed by a person past the point of no return',
    comment: 'Closed by a person; what remains is listed',
  },
]

export const terminalRunStates: readonly RunState[] = runStates.filter(
  (state) => !runTransitions.some((row) => row.from === state),
)

/** A run that holds, or is about to hold, the service: at most one a service. */
export const activeRunStates: readonly RunState[] = ['approved', 'running', 'paused']
/** Still open to decisions or work. */
export const openRunStates: readonly RunState[] = ['draft', 'awaiting_approval', ...activeRunStates]

export const stepStates = [
  'pending',
  'running',
  'verifying',
  'succeeded',
  'failed',
  'skipped',
  'compensating',
  'compensated',
  'compensation_failed',
] as const
export type StepState = (typeof stepStates)[number]

export const stepTransitions: readonly Transition<StepState>[] = [
  {
    from: 'pending',
    on: 'begin',
    to: 'running',
    guard: 'all earlier steps are done',
    comment: 'The intent is written before anything is done',
  },
  {
    from: 'pending',
    on: 'skip',
    to: 'skipped',
    guard: 'a person gave a reason, and the step may be skipped',
    comment: 'Skipped by a person',
  },
  {
    from: 'running',
    on: 'again',
    to: 'running',
    guard: 'a transient error, or another worker took over',
    comment: 'Another attempt, which begins by observing',
  },
  {
    from: 'running',
    on: 'done',
    to: 'verifying',
    guard: 'run returned an output',
    comment: 'Done, and now looked at by another way',
  },
  {
    from: 'running',
    on: 'fail',
    to: 'failed',
    guard: 'attempts or deadline used up, or a terminal error',
    comment: 'Did not get done',
  },
  {
    from: 'verifying',
    on: 'begin',
    to: 'running',
    guard: 'another worker took over',
    comment: 'Observed again from the start',
  },
  { from: 'verifying', on: 'verified', to: 'succeeded', guard: 'reality agrees', comment: 'Done and verified' },
  {
    from: 'verifying',
    on: 'fail',
    to: 'failed',
    guard: 'reality does not agree',
    comment: 'Verification says otherwise',
  },
  { from: 'failed', on: 'retry', to: 'pending', guard: 'asked for by a person', comment: 'Will be tried again' },
  {
    from: 'failed',
    on: 'skip',
    to: 'skipped',
    guard: 'a person gave a reason, and the step may be skipped',
    comment: 'Skipped by a person',
  },
  {
    from: 'succeeded',
    on: 'compensate',
    to: 'compensating',
    guard: 'the run goes backwards',
    comment: 'Being taken back',
  },
  {
    from: 'failed',
    on: 'compensate',
    to: 'compensating',
    guard: 'the run goes backwards',
    comment: 'Being taken back, since it may have half happened',
  },
  {
    from: 'running',
    on: 'compensate',
    to: 'compensating',
    guard: 'the run goes backwards',
    comment: 'Being taken back, since it may have half happened',
  },
  {
    from: 'verifying',
    on: 'compensate',
    to: 'compensating',
    guard: 'the run goes backwards',
    comment: 'Being taken back',
  },
  {
    from: 'compensating',
    on: 'again',
    to: 'compensating',
    guard: 'a transient error, or another worker took over',
    comment: 'Taking back again, which begins by observing',
  },
  {
    from: 'compensating',
    on: 'compensated',
    to: 'compensated',
    guard: 'verified as taken back',
    comment: 'Taken back',
  },
  {
    from: 'compensating',
    on: 'fail',
    to: 'compensation_failed',
    guard: 'attempts used up',
    comment: 'Could not be taken back',
  },
]

/** The state that `on` leads to, or null when the table has no such row. */
export function nextState<S extends string>(table: readonly Transition<S>[], from: S, on: string): S | null {
  return table.find((row) => row.from === from && row.on === on)?.to ?? null
}
