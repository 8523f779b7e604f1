import { type Grant, may, type Right } from '@/server/domain/rights'
import type { Context } from '@/server/services/context'
import { ServiceError } from '@/server/services/errors'

/** Which services a right reaches, as a database filter: undefined for all of them. */
export function servicesWith(grants: readonly Grant[], right: Right): string[] | undefined {
  const holding = grants.filter((grant) => may([grant], right, null))
  return holding.some((grant) => grant.service === '*') ? undefined : holding.map((grant) => grant.service)
}

/** @throws ServiceError forbidden when the caller has the right on no service at all */
export function requireAnywhere(ctx: Context, right: Right): void {
  if (!may(ctx.grants, right, null)) throw forbidden(right)
}

/**
 * What one may not read looks like what is not there, so that nothing can be learnt by guessing.
 * @throws ServiceError not-found
 */
export function requireFound<T extends { serviceId: string }>(
  ctx: Context,
  right: Right,
  what: string,
  row: T | null,
): T {
  if (row && may(ctx.grants, right, row.serviceId)) return row
  throw notFound(what)
}

export function notFound(what: string): ServiceError {
  return new ServiceError(
    'not-found',
    `There is no such ${what}, or you may not see it.`,
    'Nothing was read.',
    `Look at the list, or ask for a role on its service.`,
  )
}

function forbidden(right: Right): ServiceError {
  return new ServiceError(
    'forbidden',
    `This needs the right ${right}, which you have on no service.`,
    'Nothing was read.',
    'Ask an administrator of the service for a role that has it.',
  )
}
