import type { AgentObservation } from '@/server/domain/agent-protocol'
import { lsnDiffBytes } from '@/server/domain/lsn'
import type { Sample } from '@/server/domain/series/catalogue'
import { thin } from '@/server/domain/series/thin'
import type { Clock } from '@/server/ports/clock'
import { type Log, type Loop, startLoop } from '../loop'

export type Sampler = Loop & {
  add(samples: readonly Sample[]): void
  /** What an agent said, and the worker's own time before and after: for what only two answers, or two clocks, can tell. */
  addAnswer(service: string, serverId: string, facts: AgentObservation, askedAtMs: number, answeredAtMs: number): void
}

/** Pages show what is so now from observations; series may be this much later. */
const flushMs = 2_000
/** While the control database is away: some minutes of a large service. */
const mostKept = 50_000

type Options = { write(samples: Sample[]): Promise<unknown>; clock: Clock; log: Log }

/** Gathers samples and writes them apart from the observations: detection never waits for a chart. */
export function startSampler({ write, clock, log }: Options): Sampler {
  let pending: Sample[] = []
  const before = new Map<string, AgentObservation>()

  const flush = async (): Promise<void> => {
    const batch = thin(pending)
    pending = []
    if (batch.length === 0) return
    try {
      await write(batch)
    } catch (error) {
      pending = [...batch, ...pending].slice(-mostKept)
      throw error
    }
  }
  const loop = startLoop({ name: 'series', intervalMs: flushMs, round: flush, clock, log })
  return {
    add: (samples) => {
      pending.push(...samples)
      if (pending.length > mostKept) pending = thin(pending).slice(-mostKept)
    },
    addAnswer(service, serverId, facts, askedAtMs, answeredAtMs) {
      const key = `${service} ${serverId}`
      const at = new Date(askedAtMs).toISOString()
      const skewMs = Date.parse(facts.observedAt) - (askedAtMs + answeredAtMs) / 2
      pending.push({ service, metric: 'host.clock-skew-ms', subject: serverId, at, value: Math.round(skewMs) })
      const rate = walRate(before.get(key), facts)
      if (rate !== null) pending.push({ service, metric: 'postgres.wal-rate', subject: serverId, at, value: rate })
      before.set(key, facts)
    },
    async stop() {
      await loop.stop()
      await flush().catch(() => undefined)
    },
  }
}

/** Bytes a second between two answers of the same primary on the same timeline; anything else is another history. */
function walRate(before: AgentObservation | undefined, now: AgentObservation): number | null {
  if (!before?.currentLsn || !now.currentLsn || before.bootId !== now.bootId || before.timeline !== now.timeline)
    return null
  const seconds = (Date.parse(now.observedAt) - Date.parse(before.observedAt)) / 1000
  const bytes = lsnDiffBytes(now.currentLsn, before.currentLsn)
  return seconds > 0 && bytes >= 0 ? Math.round(bytes / seconds) : null
}
