import { type ReviewState, reviewStateOf, reviewVerdicts } from '@/server/domain/break-glass-review'
import { plan as planSchema } from '@/server/domain/plan/types'
import { may, rolesWith } from '@/server/domain/rights'
import { type RunState, runStates, terminalRunStates } from '@/server/domain/run/states'
import type { Context } from '@/server/services/context'
import { requireAnywhere, requireFound, servicesWith } from './access'
import type { BreakGlassView } from './dto/break-glass'
import type { Capability } from './dto/common'
import { iso, memberOr, whoText } from './read'

/** More unreviewed ones than this at a time mean that nobody reviews; the oldest are shown first. */
const mostShown = 50

/** Every broken glass that is at work or waits for its review, on the services that the caller may read: the longest overdue first. */
export async function listBreakGlass(ctx: Context): Promise<{ items: BreakGlassView[]; nextCursor: null }> {
  requireAnywhere(ctx, 'run.read')
  const services = servicesWith(ctx.grants, 'run.read')
  const ended = terminalRunStates.filter((state) => state !== 'succeeded')
  const open = await ctx.db.breakGlassReview.findMany({
    where: { reviewedAt: null, ...(services && { serviceId: { in: services } }) },
    orderBy: { dueAt: 'asc' },
  })
  const runs = await ctx.db.run.findMany({
    // What ended before it began broke no rule, and must not fill the list.
    where: { id: { in: open.map((each) => each.runId) }, NOT: { state: { in: [...ended] }, startedAt: null } },
    include: runInclude,
    take: mostShown,
    orderBy: { requestedAt: 'asc' },
  })
  const reviews = new Map(open.map((each) => [each.runId, each]))
  const items = runs.flatMap((run) => {
    const review = reviews.get(run.id)
    return review ? [viewOf(ctx, run, review)] : []
  })
  return { items, nextCursor: null }
}

/** @throws ServiceError not-found for a run that broke no glass, too */
export async function getBreakGlass(ctx: Context, runId: string): Promise<BreakGlassView> {
  const review = requireFound(ctx, 'run.read', 'review', await ctx.db.breakGlassReview.findUnique({ where: { runId } }))
  const run = await ctx.db.run.findUniqueOrThrow({ where: { id: runId }, include: runInclude })
  return viewOf(ctx, run, review)
}

const runInclude = { plan: true, service: { select: { name: true } } } as const

type Review = NonNullable<Awaited<ReturnType<Context['db']['breakGlassReview']['findUnique']>>>
type RunRow = NonNullable<Awaited<ReturnType<typeof readRun>>>
const readRun = (ctx: Context, id: string) => ctx.db.run.findUnique({ where: { id }, include: runInclude })

function viewOf(ctx: Context, run: RunRow, review: Review): BreakGlassView {
  const plan = planSchema.parse(run.plan.document)
  const runState = memberOr(runStates, run.state, 'failed')
  const facts = { dueAt: iso(review.dueAt), reviewedAt: review.reviewedAt ? iso(review.reviewedAt) : null }
  const state = reviewStateOf({ state: runState, started: run.startedAt !== null }, facts, ctx.clock.now())
  return {
    runId: run.id,
    service: run.serviceId,
    serviceName: run.service.name,
    runState,
    summary: plan.summary,
    rules: plan.overrides,
    requester: whoText(run.requester),
    reason: run.reason,
    requestedAt: iso(run.requestedAt),
    timeBox: plan.timeBox ?? null,
    review: {
      ...facts,
      state,
      reviewer: review.reviewer ? whoText(review.reviewer) : null,
      verdict: reviewVerdicts.find((each) => each === review.verdict) ?? null,
      findings: review.findings,
    },
    can: { review: mayReview(ctx, run, runState, state) },
  }
}

/** The rules of the verb, in the order in which it tells them. */
function mayReview(ctx: Context, run: RunRow, runState: RunState, state: ReviewState): Capability {
  const no = (reason: string): Capability => ({ allowed: false, reason })
  if (!may(ctx.grants, 'run.review', run.serviceId))
    return no(`This needs the role ${rolesWith('run.review').join(' or ')} on this service.`)
  if (ctx.actor.id === run.requesterId) return no('Whoever broke the glass does not review it.')
  if (state === 'reviewed') return no('It was reviewed already.')
  if (state === 'not-needed') return no('It ended before it began: no rule was broken.')
  if (!terminalRunStates.includes(runState)) return no('The run is not over yet.')
  return { allowed: true, reason: null }
}
