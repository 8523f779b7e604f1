import type { Problem } from '@/server/queries/dto/common'

/** What the server said went wrong, in the shape of RFC 9457, or what the browser saw when it could not be asked. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  constructor(readonly problem: Problem) {
    super(problem.detail || problem.title)
  }
  get status(): number {
    return this.problem.status
  }
  get code(): string {
    return this.problem.code
  }
}

/** The connection failed before an answer came: for a mutation it is then not known whether it was taken. */
export function unreachable(mutation: boolean): ProblemError {
  return new ProblemError({
    type: 'about:blank',
    title: 'The console did not answer',
    status: 0,
    detail: 'The request got no answer: the console is unreachable from this browser.',
    code: 'unreachable',
    notDone: mutation
      ? 'It is not known whether the request was taken. Sending it again is safe: it carries the same key.'
      : 'Nothing was changed.',
    nextStep: 'Check the connection; this page tries again by itself.',
    reference: 'no reference: no answer came',
  })
}

const text = (value: unknown, otherwise: string): string => (typeof value === 'string' && value ? value : otherwise)

/** Reads an error body, whatever it is; what is missing is said in words that are true of any refused request. */
export function problemFrom(status: number, body: unknown, reference: string | null): ProblemError {
  const given: Partial<Record<keyof Problem, unknown>> = typeof body === 'object' && body !== null ? body : {}
  return new ProblemError({
    type: text(given.type, 'about:blank'),
    title: text(given.title, `The console answered ${status}`),
    status,
    detail: text(given.detail, `The console answered with status ${status} and gave no reason.`),
    code: text(given.code, `http-${status}`),
    notDone: text(given.notDone, 'The request was not carried out.'),
    nextStep: text(given.nextStep, 'Try again; if it stays, look into the console’s log.'),
    reference: text(given.reference, reference ?? 'none'),
    errors: Array.isArray(given.errors) ? given.errors.flatMap(fieldError) : undefined,
  })
}

function fieldError(value: unknown): { path: string; message: string }[] {
  if (typeof value !== 'object' || value === null || !('path' in value) || !('message' in value)) return []
  return [{ path: String(value.path), message: String(value.message) }]
}

/** Anything thrown, as a problem that can be shown. */
export function toProblem(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem
  return {
    type: 'about:blank',
    title: 'This page met an error of its own',
    status: 0,
    detail: error instanceof Error ? error.message : String(error),
    code: 'page-error',
    notDone: 'Nothing was changed by it.',
    nextStep: 'Load the page again.',
    reference: 'none',
  }
}
