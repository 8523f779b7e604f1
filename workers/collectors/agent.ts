import { agentIntervalMs } from '@/server/domain/agent-interval'
import type { AgentObservation } from '@/server/domain/agent-protocol'
import { type AnyLook, defineLook, timeoutBelow } from './look'
import type { WatchTarget } from './watch-target'

const timeoutMs = 1_500

/** Each server, through its agent. `onAnswer` hears what was said, for the series of WAL positions. */
export function agentLooks(
  target: WatchTarget,
  onAnswer: (serverId: string, seen: AgentObservation, askedAtMs: number, answeredAtMs: number) => void,
  nowMs: () => number,
): AnyLook[] {
  const { service, managed, vantage } = target
  const intervalMs = agentIntervalMs(service.config.probes.intervalMs)
  return service.config.regions
    .flatMap((region) => region.servers)
    .map((server) =>
      defineLook(service.id, vantage, {
        kind: 'agent',
        subject: server.id,
        intervalMs,
        timeoutMs: timeoutBelow(intervalMs, timeoutMs),
        async ask() {
          const askedAtMs = nowMs()
          const facts = await managed.agent(server.id).call('observe', {})
          if (facts.serverId !== server.id) {
            return {
              ok: false,
              failure: `The agent of ${facts.serverId} answered in place of ${server.id}`,
              facts: null,
            }
          }
          onAnswer(server.id, facts, askedAtMs, nowMs())
          // Counters of every table are for the guard alone: kept with each look they would be most of what is written.
          return { ok: true, failure: null, facts: { ...facts, changes: undefined } }
        },
        unanswered: () => null,
      }),
    )
}
