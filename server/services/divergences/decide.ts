import { z } from 'zod'
import { appendAudit } from '@/server/db/audit'
import { emitEvent } from '@/server/db/events'
import { withTransaction } from '@/server/db/tx'
import { toJson } from '@/server/domain/json'
import { keptTable } from '@/server/domain/plan/failback-steps'
import { may } from '@/server/domain/rights'
import { type DivergenceDecisionBody, divergenceDecisionBody } from '@/server/queries/dto/divergence'
import { authorise, invalidInput } from '../authorise'
import type { Context } from '../context'
import { auditedAttempt } from '../deny'
import { ServiceError } from '../errors'

/**
 * Writes down what is to become of the rows of one table that only a returned server had. The newest decision counts; the rows stay whatever it says, so that a
 * decision can be taken back.
 * @throws ServiceError not-found, forbidden, invalid, wrong-state
 */
export async function decideDivergence(ctx: Context, wanted: DivergenceDecisionBody & { id: string }): Promise<void> {
  const found = await ctx.db.divergence.findUnique({ where: { id: wanted.id } })
  if (!found || !may(ctx.grants, 'incident.read', found.serviceId)) throw noSuch()
  const { serviceId } = found
  const subject = `divergence/${found.id}`
  await auditedAttempt(ctx, { action: 'divergence.decide', subject, serviceId, runId: null }, async () => {
    authorise(ctx, 'run.control', serviceId)
    const { id, ...rest } = wanted
    const body = divergenceDecisionBody.safeParse(rest)
    if (!body.success) throw invalidInput(body.error.issues)
    if (found.keptAt === null) throw stillReading()
    const { table, decision, reason } = body.data
    if (
      !z
        .array(keptTable)
        .parse(found.tables)
        .some((each) => each.table === table)
    ) {
      throw invalidInput([{ path: ['table'], message: 'is not a table of this divergence' }])
    }
    const at = new Date(ctx.clock.now())
    const written = { decision, reason, decidedBy: toJson(ctx.actor) ?? {}, decidedAt: at }
    await withTransaction(ctx.db, async (tx) => {
      await tx.divergenceDecision.upsert({
        where: { divergenceId_tableName: { divergenceId: id, tableName: table } },
        create: { divergenceId: id, tableName: table, ...written },
        update: written,
      })
      await emitEvent(tx, { kind: 'service.changed', serviceId, runId: null, data: { divergenceId: id } })
      await appendAudit(tx, {
        ...{ at, actor: ctx.actor, action: 'divergence.decide', subject, serviceId, runId: null, outcome: 'ok' },
        data: { table, decision, reason },
      })
    })
  })
}

function noSuch(): ServiceError {
  return new ServiceError(
    'not-found',
    'There is no such divergence, or you may not see it.',
    'Nothing was decided.',
    'Look at the list of the service.',
  )
}

function stillReading(): ServiceError {
  return new ServiceError(
    'wrong-state',
    'The rows are still being written down.',
    'Nothing was decided.',
    'Wait until the failback has kept them all.',
  )
}
