import { may, type Right, rolesWith } from '@/server/domain/rights'
import type { Context } from './context'
import { ServiceError } from './errors'

/** @throws ServiceError forbidden, naming the roles that could; not-found where the caller may not even know that the service exists */
export function authorise(ctx: Pick<Context, 'grants'>, right: Right, service: string): void {
  if (may(ctx.grants, right, service)) return
  if (!may(ctx.grants, 'service.read', service)) throw notFound('service')
  throw new ServiceError(
    'forbidden',
    `This needs the role ${rolesWith(right).join(' or ')} on ${service}, which you do not have.`,
    'Nothing was changed.',
    'Ask someone with that role, or an administrator for a grant.',
  )
}

/** What one may not see looks like what is not there. */
export function notFound(what: 'service' | 'run' | 'incident' | 'step'): ServiceError {
  return new ServiceError(
    'not-found',
    `There is no such ${what}, or you may not see it.`,
    'Nothing was changed.',
    `Check the name against the list of ${what}s.`,
  )
}

/** @throws ServiceError invalid, with every issue of a zod schema */
export function invalidInput(issues: readonly { path: PropertyKey[]; message: string }[]): ServiceError {
  return new ServiceError(
    'invalid',
    'The request is malformed.',
    'Nothing was changed.',
    'Correct what is listed and send it again.',
    issues.map((issue) => ({ path: issue.path.map(String).join('.'), message: issue.message })),
  )
}
