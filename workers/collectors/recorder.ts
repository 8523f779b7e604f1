import type { Observation } from '@/server/domain/observation'
import type { ObservationBatch, WalSighting } from '@/server/services/observations/record'
import { type Log, messageOf } from '../loop'

export type Recorder = {
  add(observation: Observation): void
  addPosition(position: WalSighting): void
  /** Writes what is there and takes no more. */
  close(): Promise<void>
}

type Options = {
  write(batch: ObservationBatch): Promise<void>
  /** Called with the services of which probes were written, after they were. */
  onProbed(services: ReadonlySet<string>): void
  log: Log
}

/** Looks that end at about the same moment share one transaction. Probes decide incidents: nothing waits longer than this for them. */
const probeGatherMs = 25
/** All else goes along with the next probe, or by itself after this: it is shown, and an age of a quarter second is as good as none. */
const gatherMs = 250
/** While the control database is away the newest are kept, so that the series have no hole when it is back: minutes' worth. */
const maxKept = 5_000
const maxRetryMs = 1_000

/** Gathers what the collectors saw and writes it in batches, one at a time, in the order it was seen. */
export function createRecorder({ write, onProbed, log }: Options): Recorder {
  let pending: ObservationBatch = { observations: [], positions: [] }
  let timer: { handle: NodeJS.Timeout; dueAt: number } | null = null
  let writing: Promise<void> | null = null
  let failures = 0
  let closed = false

  const flush = async (): Promise<void> => {
    const batch = pending
    pending = { observations: [], positions: [] }
    try {
      await write(batch)
      if (failures > 0) log.info({ failures }, 'observations are written again')
      failures = 0
      const probed = new Set(batch.observations.filter(isProbe).map((each) => each.service))
      if (probed.size > 0) onProbed(probed)
    } catch (error) {
      failures += 1
      if (failures % 10 === 1)
        log.warn({ failures, error: messageOf(error) }, 'observations could not be written; they are kept')
      pending = {
        observations: [...batch.observations, ...pending.observations].slice(-maxKept),
        positions: [...batch.positions, ...pending.positions].slice(-maxKept),
      }
    }
  }
  const schedule = (): void => {
    if (writing || closed || pending.observations.length + pending.positions.length === 0) return
    const delayMs = failures > 0 ? Math.min(maxRetryMs, 50 * 2 ** failures) : waitFor(pending)
    const dueAt = performance.now() + delayMs
    if (timer && timer.dueAt <= dueAt) return
    if (timer) clearTimeout(timer.handle)
    const handle = setTimeout(() => {
      timer = null
      writing = flush().finally(() => {
        writing = null
        schedule()
      })
    }, delayMs)
    timer = { handle, dueAt }
  }
  return {
    add(observation) {
      pending.observations.push(observation)
      schedule()
    },
    addPosition(position) {
      pending.positions.push(position)
      schedule()
    },
    async close() {
      closed = true
      if (timer) clearTimeout(timer.handle)
      await writing
      if (pending.observations.length + pending.positions.length > 0) await flush()
    },
  }
}

function waitFor(batch: ObservationBatch): number {
  return batch.observations.some(isProbe) ? probeGatherMs : gatherMs
}

function isProbe(each: Observation): boolean {
  return each.kind === 'public' || each.kind === 'endpoint'
}
