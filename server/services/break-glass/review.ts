import { appendAudit } from '@/server/db/audit'
import { emitEvent } from '@/server/db/events'
import { withTransaction } from '@/server/db/tx'
import { type ReviewVerdict, reviewStateOf } from '@/server/domain/break-glass-review'
import { may } from '@/server/domain/rights'
import { type RunState, runStates } from '@/server/domain/run/states'
import { authorise, notFound } from '../authorise'
import type { Context } from '../context'
import { auditedAttempt } from '../deny'
import { ServiceError } from '../errors'

type Given = { runId: string; verdict: ReviewVerdict; findings: string }

/**
 * What somebody else thinks of a broken glass, once its run is over. Said once.
 * @throws ServiceError not-found, forbidden, own-request, wrong-state
 */
export async function reviewBreakGlass(ctx: Context, given: Given): Promise<void> {
  const run = await ctx.db.run.findUnique({ where: { id: given.runId } })
  if (!run || !may(ctx.grants, 'run.read', run.serviceId)) throw notFound('run')
  const { serviceId } = run
  const about = { subject: `run/${run.id}`, serviceId, runId: run.id }
  await auditedAttempt(ctx, { action: 'run.review', ...about }, async () => {
    authorise(ctx, 'run.review', serviceId)
    const review = await ctx.db.breakGlassReview.findUnique({ where: { runId: run.id } })
    if (!review) throw wrongState('This run broke no glass.', 'There is nothing to review.')
    if (ctx.actor.type !== 'user' || ctx.actor.id === run.requesterId) throw ownRequest()
    const state = stateOf(run.state)
    const facts = { dueAt: review.dueAt.toISOString(), reviewedAt: review.reviewedAt?.toISOString() ?? null }
    const now = ctx.clock.now()
    const found = reviewStateOf({ state, started: run.startedAt !== null }, facts, now)
    if (run.endedAt === null) throw wrongState('The run is not over yet.', 'Wait for its end, then review it.')
    if (found === 'reviewed') throw wrongState('It was reviewed already.', 'Reload the run and read its review.')
    await withTransaction(ctx.db, async (tx) => {
      const at = new Date(now)
      const done = await tx.breakGlassReview.updateMany({
        where: { runId: run.id, reviewedAt: null },
        data: { reviewer: ctx.actor, reviewedAt: at, verdict: given.verdict, findings: given.findings },
      })
      if (done.count === 0) throw wrongState('It was reviewed in this moment.', 'Reload the run and read its review.')
      await emitEvent(tx, { kind: 'run.changed', serviceId, runId: run.id, data: { review: given.verdict } })
      const data = { verdict: given.verdict, findings: given.findings, overdue: found === 'overdue' }
      await appendAudit(tx, { at, actor: ctx.actor, action: 'run.review', ...about, outcome: 'ok', data })
    })
  })
}

function stateOf(text: string): RunState {
  const found = runStates.find((each) => each === text)
  if (!found) throw new TypeError(`${text} is not a run state`)
  return found
}

const wrongState = (what: string, next: string) => new ServiceError('wrong-state', what, 'Nothing was written.', next)

const ownRequest = () =>
  new ServiceError(
    'own-request',
    'Whoever broke the glass does not review it, and only a person does.',
    'Your review was not taken.',
    'Have someone else with the role approver, auditor or admin review it.',
  )
