import { type RunState, terminalRunStates } from './run/states'

const dayMs = 86_400_000

export const reviewVerdicts = ['justified', 'avoidable', 'wrong'] as const
export type ReviewVerdict = (typeof reviewVerdicts)[number]

/** The end of the next day, UTC: whoever broke the glass at night is asked while it is remembered. */
export function reviewDueAt(requestedAtMs: number): string {
  const midnight = Math.floor(requestedAtMs / dayMs) * dayMs
  return new Date(midnight + 2 * dayMs).toISOString()
}

/** waiting: the run is not over · due · overdue · reviewed · not-needed: it ended before it began, so no rule was broken. */
export const reviewStates = ['waiting', 'due', 'overdue', 'reviewed', 'not-needed'] as const
export type ReviewState = (typeof reviewStates)[number]

export function reviewStateOf(
  run: { state: RunState; started: boolean },
  review: { dueAt: string; reviewedAt: string | null },
  nowMs: number,
): ReviewState {
  if (review.reviewedAt !== null) return 'reviewed'
  const over = terminalRunStates.includes(run.state)
  if (over && !run.started) return 'not-needed'
  if (nowMs > Date.parse(review.dueAt)) return 'overdue'
  return over ? 'due' : 'waiting'
}
