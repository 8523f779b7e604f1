import { randomUUID } from 'node:crypto'
import type { ZodError } from 'zod'
import type { Problem } from '@/server/queries/dto/common'
import { ServiceError, serviceErrorCodes } from '@/server/services/errors'
import { isDatabaseAway } from './unavailable'

type FieldError = { path: string; message: string }

/** A refusal that belongs to HTTP alone, before any verb was asked. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem'
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly notDone: string,
    readonly nextStep: string,
    readonly errors: FieldError[] = [],
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message)
  }
}

const titles: Record<number, string> = {
  400: 'Bad request',
  401: 'Not signed in',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  410: 'Expired',
  413: 'Too large',
  415: 'Unsupported media type',
  422: 'Cannot be done',
  429: 'Too many requests',
  500: 'Unexpected error',
  503: 'Unavailable',
}

/** True for a refusal that was foreseen; everything else is a fault of ours and tells its caller nothing but a reference. */
export function isExpected(error: unknown): error is ServiceError | HttpProblem {
  return error instanceof ServiceError || error instanceof HttpProblem
}

/** RFC 9457 for any error. The reference is also in the log, beside the cause. */
export function problemOf(error: unknown, instance: string): Problem {
  const reference = randomUUID()
  if (!isExpected(error) && isDatabaseAway(error)) {
    return {
      type: 'about:blank',
      title: titles[503] ?? '',
      status: 503,
      detail: 'The control database does not answer.',
      instance,
      code: 'unavailable',
      notDone: 'Nothing was read. Whether something that was asked for took effect is not known.',
      nextStep: 'Try again in a moment; if it stays away, look at the control database itself.',
      reference,
    }
  }
  if (!isExpected(error)) {
    return {
      type: 'about:blank',
      title: titles[500] ?? '',
      status: 500,
      detail: 'Lifeboat met an error that it did not expect.',
      instance,
      code: 'unexpected',
      notDone: 'Whether the request had an effect is not known.',
      nextStep: 'Look at the current state before you ask again, and give the reference to whoever runs Lifeboat.',
      reference,
    }
  }
  const status = error instanceof ServiceError ? serviceErrorCodes[error.code] : error.status
  return {
    type: 'about:blank',
    title: titles[status] ?? 'Error',
    status,
    detail: error.message,
    instance,
    code: error.code,
    notDone: error.notDone,
    nextStep: error.nextStep,
    reference,
    ...(error.errors.length > 0 && { errors: error.errors }),
  }
}

export function problemResponse(problem: Problem, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { ...apiHeaders, 'content-type': 'application/problem+json', ...headers },
  })
}

/** On every answer of the API: nothing is cached, sniffed, framed or run. */
export const apiHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
}

export function invalidInput(where: 'path' | 'query' | 'body', error: ZodError): HttpProblem {
  const errors = error.issues.slice(0, 50).map((issue) => ({
    path: [where, ...issue.path.map(String)].join('.'),
    message: issue.message,
  }))
  const first = errors[0]
  return new HttpProblem(
    400,
    'invalid',
    first ? `${first.path}: ${first.message}` : `The ${where} is not what this operation takes.`,
    'Nothing was done.',
    'Correct the request as the errors say; /api/openapi.json describes it.',
    errors,
  )
}

export const notSignedIn = () =>
  new HttpProblem(
    401,
    'unauthenticated',
    'This needs a session or an API token.',
    'Nothing was read or done.',
    'Sign in, or send Authorization: Bearer with a valid token.',
    [],
    { 'www-authenticate': 'Bearer realm="lifeboat"' },
  )
