import { tryEvaluating } from '@/server/db/repositories/alerts'
import { databaseNow } from '@/server/db/repositories/clock'
import { latestObservations } from '@/server/db/repositories/observations'
import { readStepHistory } from '@/server/db/repositories/runs'
import { findService } from '@/server/db/repositories/services'
import { withTransaction } from '@/server/db/tx'
import type { Finding } from '@/server/domain/finding'
import { digestOf, toJson } from '@/server/domain/json'
import type { Plan } from '@/server/domain/plan/types'
import { type RtoArithmetic, rtoArithmetic, ttlFindings } from '@/server/domain/rto-arithmetic'
import { signalFindings } from '@/server/domain/thresholds/findings'
import { judgeSignal } from '@/server/domain/thresholds/judge'
import { readSignals } from '@/server/domain/thresholds/readings'
import { judgeReadiness, type Readiness } from '@/server/domain/view/readiness'
import type { Context } from '../context'
import { rehearsedPlan } from './rehearse'

/** Unchanged answers are written this often, so that a gap in the history is a gap in judging. */
const atLeastMs = 5 * 60_000
const keepMs = 90 * 24 * 3_600_000

export type Judged = Readiness & { arithmetic: RtoArithmetic }

/** Could it fail over now: what the plan says, with what the signals and the arithmetic add. null when there is no such service. */
export async function judgeService(ctx: Context, serviceId: string): Promise<Judged | null> {
  const service = await findService(ctx.db, serviceId)
  if (!service) return null
  const plan = await rehearsedPlan(ctx, serviceId)
  const readiness = judgeReadiness(plan, sidesOf(plan, service.config.regions))
  const arithmetic = rtoArithmetic(service.config, { history: await readStepHistory(ctx.db, serviceId) })
  return {
    ...readiness,
    findings: [...readiness.findings, ...ttlFindings(arithmetic), ...(await ofSignals(ctx, serviceId))],
    arithmetic,
  }
}

async function ofSignals(ctx: Context, serviceId: string): Promise<Finding[]> {
  const service = await findService(ctx.db, serviceId)
  if (!service) return []
  const nowMs = ctx.clock.now()
  const observations = await latestObservations(ctx.db, serviceId)
  const overrides = await ctx.db.thresholdOverride.findMany({ where: { serviceId } })
  const { config, writer } = service
  const readings = readSignals({ config, observations, nowMs, writerServerId: writer?.serverId ?? null })
  return signalFindings(readings.map((each) => judgeSignal(each, config, overrides, nowMs)))
}

function sidesOf(plan: Plan | null, regions: readonly { id: string; name: string }[]): { from: string; to: string } {
  const nameOf = (id: string | undefined, fallback: string): string =>
    regions.find((each) => each.id === id)?.name ?? fallback
  return {
    from: nameOf(plan?.from.region, 'the primary region'),
    to: nameOf(plan?.to.region, 'the other region'),
  }
}

/**
 * Judges a service and writes the answer down when it is another than last, else each five minutes. One evaluator at a time.
 * @returns whether it was written
 */
export async function evaluateReadiness(ctx: Context, serviceId: string): Promise<boolean> {
  const judged = await judgeService(ctx, serviceId)
  if (!judged) return false
  const { status, sentence, findings, expected } = judged
  // Figures in sentences turn over each second; what is wrong does not.
  const digest = digestOf({
    status,
    findings: findings.map(({ code, severity, stepId }) => ({ code, severity, stepId })),
  })
  return withTransaction(ctx.db, async (tx) => {
    if (!(await tryEvaluating(tx, `readiness/${serviceId}`))) return false
    const at = await databaseNow(tx)
    const last = await tx.readinessEvaluation.findFirst({ where: { serviceId }, orderBy: { at: 'desc' } })
    if (last && last.digest === digest && at.getTime() - last.at.getTime() < atLeastMs) return false
    await tx.readinessEvaluation.create({
      data: {
        ...{ serviceId, at, status, sentence, digest },
        findings: toJson(findings) ?? [],
        ...(expected ? { expected: toJson(expected) ?? {} } : {}),
      },
    })
    return true
  })
}

/** Forgets answers older than ninety days. */
export async function deleteOldReadiness(ctx: Pick<Context, 'db' | 'clock'>): Promise<number> {
  const before = new Date(ctx.clock.now() - keepMs)
  return (await ctx.db.readinessEvaluation.deleteMany({ where: { at: { lt: before } } })).count
}
