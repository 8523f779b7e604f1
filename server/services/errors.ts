/** What a user is told when a verb says no: what happened, what did not happen, and the next safe step. */
export const serviceErrorCodes = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  'wrong-state': 409,
  'stale-digest': 409,
  'own-request': 403,
  'second-factor-needed': 403,
  'second-factor-wrong': 403,
  expired: 410,
  'too-large': 413,
  'unsupported-media': 415,
  'not-runnable': 422,
  'rate-limited': 429,
  unavailable: 503,
} as const
export type ServiceErrorCode = keyof typeof serviceErrorCodes

export class ServiceError extends Error {
  override readonly name = 'ServiceError'
  constructor(
    readonly code: ServiceErrorCode,
    /** What happened. */
    message: string,
    /** What did not happen, as a sentence. */
    readonly notDone: string,
    readonly nextStep: string,
    readonly errors: { path: string; message: string }[] = [],
  ) {
    super(message)
  }
}
