import { may } from '@/server/domain/rights'
import type { RefusalCode } from '@/server/domain/run/can'
import { notFound } from '../authorise'
import type { Context } from '../context'
import { ServiceError } from '../errors'

const nextSteps: Record<RefusalCode, string> = {
  forbidden: 'Ask someone with that role.',
  'own-request': 'Ask someone else with the approver role to decide.',
  'wrong-state': 'Reload the run and look at what it is doing now.',
  expired: 'Have a new run requested: its plan is built from what is so then.',
  conflict: 'Reload the run and look at what it is doing now.',
}

/** A rule's no, as what the caller is told. */
export function refuse(no: { code: RefusalCode | null; reason: string | null }, notDone: string): ServiceError {
  const code = no.code ?? 'conflict'
  return new ServiceError(code, no.reason ?? 'It may not be done now.', notDone, nextSteps[code])
}

/** @throws ServiceError not-found when there is no such run, or when the caller may not even see it */
export async function findRunFor(ctx: Context, runId: string): Promise<{ serviceId: string }> {
  const run = await ctx.db.run.findUnique({ where: { id: runId }, select: { serviceId: true } })
  if (!run || !may(ctx.grants, 'run.read', run.serviceId)) throw notFound('run')
  return run
}
