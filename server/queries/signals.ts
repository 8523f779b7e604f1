import { type JudgedSignal, judgeSignal, type Override } from '@/server/domain/thresholds/judge'
import { readSignals } from '@/server/domain/thresholds/readings'
import type { Context } from '@/server/services/context'
import { notFound } from './access'
import type { SignalsView, SignalView } from './dto/thresholds'
import { loadServiceFacts, type ServiceFacts } from './service-facts'

/** Every signal of a service, judged by the limits that hold for it. @throws ServiceError not-found */
export async function signalsOf(ctx: Context, service: string): Promise<SignalsView> {
  const [facts] = await loadServiceFacts(ctx, service)
  if (!facts) throw notFound('service')
  const overrides = await ctx.db.thresholdOverride.findMany({ where: { serviceId: service } })
  return {
    service,
    observedAt: new Date(facts.nowMs).toISOString(),
    signals: judgedSignals(facts, overrides).map(signalView),
  }
}

export function judgedSignals(facts: ServiceFacts, overrides: readonly Override[]): JudgedSignal[] {
  const { config, observations, nowMs, writer } = facts
  const readings = readSignals({ config, observations, nowMs, writerServerId: writer.serverId })
  return readings.map((reading) => judgeSignal(reading, config, overrides, nowMs))
}

/** The same of every service that the caller may read. */
export async function signalsOfAll(ctx: Context): Promise<SignalsView[]> {
  const all = await loadServiceFacts(ctx)
  const overrides = await ctx.db.thresholdOverride.findMany({
    where: { serviceId: { in: all.map((each) => each.id) } },
  })
  return all.map((facts) => ({
    service: facts.id,
    observedAt: new Date(facts.nowMs).toISOString(),
    signals: judgedSignals(
      facts,
      overrides.filter((each) => each.serviceId === facts.id),
    ).map(signalView),
  }))
}

function signalView({ limits, intervalMs: _, ...judged }: JudgedSignal): SignalView {
  return { ...judged, warn: limits.warn, critical: limits.critical }
}
