import { may, rolesWith } from '@/server/domain/rights'
import { loudestState } from '@/server/domain/thresholds/evaluate'
import { type JudgedSignal, limitsOf } from '@/server/domain/thresholds/judge'
import { defaultLimits, type SignalId, signalIds, signalOf } from '@/server/domain/thresholds/table'
import type { Context } from '@/server/services/context'
import { notFound } from './access'
import type { ThresholdsView, ThresholdView } from './dto/thresholds'
import { iso, whoText } from './read'
import { loadServiceFacts, type ServiceFacts } from './service-facts'
import { judgedSignals } from './signals'

type OverrideRow = Awaited<ReturnType<Context['db']['thresholdOverride']['findMany']>>[number]

/** Every limit of a service: what holds, what the default is, and who changed it. @throws ServiceError not-found */
export async function getThresholds(ctx: Context, service: string): Promise<ThresholdsView> {
  const [facts] = await loadServiceFacts(ctx, service)
  if (!facts) throw notFound('service')
  const rows = await ctx.db.thresholdOverride.findMany({ where: { serviceId: service } })
  const judged = judgedSignals(facts, rows)
  const allowed = may(ctx.grants, 'config.apply', service)
  const reason = `Changing a threshold needs the role ${rolesWith('config.apply').join(' or ')} on this service.`
  return {
    service,
    serviceName: facts.name,
    items: signalIds.map((signal) => thresholdView(facts, signal, rows, judged)),
    can: { change: allowed ? { allowed, reason: null } : { allowed, reason } },
    observedAt: new Date(facts.nowMs).toISOString(),
  }
}

function thresholdView(
  { config }: ServiceFacts,
  id: SignalId,
  rows: readonly OverrideRow[],
  judged: readonly JudgedSignal[],
): ThresholdView {
  const { title, meaning, remedy, unit, direction, source, heldMs, staleAfterMs, range } = signalOf(id)
  const own = rows.find((each) => each.signal === id)
  const states = judged.filter((each) => each.signal === id).map((each) => each.state)
  return {
    ...{ signal: id, title, meaning, remedy, unit, direction, source, range },
    heldSeconds: heldMs / 1000,
    staleAfterSeconds: staleAfterMs / 1000,
    default: defaultLimits(id, config),
    current: limitsOf(id, config, rows),
    override: own ? overrideOf(own) : null,
    state: states.length > 0 ? loudestState(states) : null,
    subjects: states.length,
  }
}

function overrideOf(row: OverrideRow): ThresholdView['override'] {
  const { previousWarn, previousCritical } = row
  const previous =
    previousWarn === null || previousCritical === null ? null : { warn: previousWarn, critical: previousCritical }
  return { by: whoText(row.changedBy), at: iso(row.changedAt), reason: row.reason, previous }
}
