import { agentIntervalMs } from '@/server/domain/agent-interval'
import { lagSamples, samplesOf } from '@/server/domain/series/samples-of'
import type { Clock } from '@/server/ports/clock'
import type { AnomalySeen } from '@/server/services/anomalies/record'
import { type Log, type Loop, startLoop } from '../loop'
import { agentLooks } from './agent'
import { createAnomalyGuard } from './anomaly-guard'
import { cacheLooks } from './cache'
import { dnsLooks } from './dns'
import { endpointLooks } from './endpoint'
import { healthCheckLooks } from './health-check'
import { idsLooks } from './ids'
import type { AnyLook } from './look'
import { platformLooks } from './platform'
import { publicLooks } from './public'
import type { Recorder } from './recorder'
import type { Sampler } from './sampler'
import { sharedNameLooks } from './shared-names'
import { switchLooks } from './switch'
import { createWalTracker } from './wal-tracker'
import type { WatchTarget } from './watch-target'
import { workloadLooks } from './workload'

type Tools = {
  onBulkChange(seen: AnomalySeen): void
  recorder: Recorder
  sampler: Pick<Sampler, 'add' | 'addAnswer'>
  clock: Clock
  log: Log
}

/** What is looked at seldom is looked at again this soon after a failure: right after the start the writer, for one, is not known yet. */
const retrySeldomMs = 10_000

/** Starts one loop for each thing to look at of one service. @returns how to stop them all */
export function collect(target: WatchTarget, tools: Tools): Loop {
  const { failuresToConfirm, vantagePoints } = target.service.config.probes
  const loops = allLooks(target, tools).map((look) => {
    let failures = 0
    return startLoop({
      name: `look ${target.service.id} ${look.kind} ${look.subject}`,
      intervalMs: () =>
        look.kind === 'public'
          ? publicCadenceMs(look.intervalMs, failures, failuresToConfirm)
          : failures > 0
            ? Math.min(look.intervalMs, retrySeldomMs)
            : look.intervalMs,
      offsetMs: phaseMs(vantagePoints, target.vantage, look.intervalMs, tools.clock.now()),
      round: async () => {
        const seen = await look.observe(tools.clock)
        failures = seen.ok ? 0 : failures + 1
        tools.recorder.add(seen)
        tools.sampler.add(samplesOf(seen, target.service.config))
      },
      clock: tools.clock,
      log: tools.log,
    })
  })
  return {
    stop: async () => {
      await Promise.all(loops.map((loop) => loop.stop()))
    },
  }
}

/**
 * While an outage lasts, users' way in is looked at five times as often: the first good look ends the RTO, so its grid is the error of that figure. Only once this
 * vantage point has seen enough failures: what confirms an outage stays as many looks, as far apart, as configured.
 */
export function publicCadenceMs(intervalMs: number, failures: number, failuresToConfirm: number): number {
  return failures >= failuresToConfirm ? Math.max(100, intervalMs / 5) : intervalMs
}

/**
 * The vantage points take turns within an interval, on the wall clock: two of them then see an outage begin within half an interval instead of a whole one, and what they ask is
 * spread out. @returns how long to wait for this one's next turn
 */
export function phaseMs(vantagePoints: readonly string[], vantage: string, intervalMs: number, nowMs: number): number {
  const turn = Math.max(0, vantagePoints.indexOf(vantage)) / Math.max(1, vantagePoints.length)
  return (((turn * intervalMs - nowMs) % intervalMs) + intervalMs) % intervalMs
}

function allLooks(target: WatchTarget, { recorder, sampler, clock, onBulkChange }: Tools): AnyLook[] {
  const nowMs = () => clock.now()
  const { id, config } = target.service
  const guard = createAnomalyGuard(id, config)
  const tracker = createWalTracker(id, 2 * agentIntervalMs(config.probes.intervalMs))
  const onAnswer: Parameters<typeof agentLooks>[1] = (serverId, facts, askedAtMs, answeredAtMs) => {
    sampler.addAnswer(id, serverId, facts, askedAtMs, answeredAtMs)
    guard.take(serverId, facts, askedAtMs).forEach(onBulkChange)
    const position = tracker.take(serverId, facts, askedAtMs)
    if (!position) return
    recorder.addPosition(position)
    if (position.role === 'standby') sampler.add(lagSamples(position))
  }
  return [
    ...publicLooks(target),
    ...endpointLooks(target),
    ...agentLooks(target, onAnswer, nowMs),
    ...dnsLooks(target),
    ...platformLooks(target),
    ...workloadLooks(target),
    ...switchLooks(target),
    ...healthCheckLooks(target, nowMs),
    ...cacheLooks(target),
    ...sharedNameLooks(target),
    ...idsLooks(target),
  ]
}
