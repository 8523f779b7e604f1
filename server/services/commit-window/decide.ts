import { appendAudit } from '@/server/db/audit'
import { emitEvent } from '@/server/db/events'
import { withTransaction } from '@/server/db/tx'
import { authorise, notFound } from '../authorise'
import type { Context } from '../context'
import { auditedAttempt } from '../deny'
import { ServiceError } from '../errors'

type Commit = { service: string; runId: string; reason: string }

/**
 * Gives up the way back: from here on the old primary may be rewound or rebuilt. `runId` names the failover that is meant, so that a page that is
 * behind does not commit to another one.
 * @throws ServiceError not-found, forbidden, wrong-state
 */
export async function commitToNewPrimary(ctx: Context, { service, runId, reason }: Commit): Promise<void> {
  const about = { subject: `service/${service}`, serviceId: service, runId }
  await auditedAttempt(ctx, { action: 'commit-window.commit', ...about }, async () => {
    authorise(ctx, 'commit-window.decide', service)
    if ((await ctx.db.service.count({ where: { id: service } })) === 0) throw notFound('service')
    const at = new Date(ctx.clock.now())
    await withTransaction(ctx.db, async (tx) => {
      const decided = await tx.commitWindow.updateMany({
        where: { runId, serviceId: service, state: 'open', endsAt: { gt: at } },
        data: { state: 'committed', decidedBy: ctx.actor, decidedAt: at, reason },
      })
      if (decided.count === 0) throw notOpen()
      await emitEvent(tx, { kind: 'service.changed', serviceId: service, runId, data: { commitWindow: 'committed' } })
      await appendAudit(tx, {
        at,
        actor: ctx.actor,
        action: 'commit-window.commit',
        ...about,
        outcome: 'ok',
        data: { reason },
      })
    })
  })
}

const notOpen = () =>
  new ServiceError(
    'wrong-state',
    'That failover’s commit window is not open any more.',
    'Nothing was changed.',
    'Reload the service and look at what became of it.',
  )
