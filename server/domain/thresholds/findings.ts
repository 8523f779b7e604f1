import { alertSentence } from '../alerts/words'
import type { Finding } from '../finding'
import type { JudgedSignal } from './judge'
import { type SignalId, signalOf } from './table'

/** Where a run would meet what the signal tells of; absent where no step depends on it. */
const stepOf: Partial<Record<SignalId, string>> = {
  'writable-primaries': 'postgres.verify-fence',
  'replication-lag': 'postgres.freeze-loss-statement',
  'receiver-age': 'postgres.freeze-loss-statement',
  'cache-latency': 'cache.prewarm',
}

/** What the signals warn of. Never a blocker: what stops a run is for the plan to say. */
export function signalFindings(judged: readonly JudgedSignal[]): Finding[] {
  return judged
    .filter((each) => each.state !== 'ok')
    .map((each) => ({
      code: `signal.${each.signal}`,
      severity: each.state === 'critical' || each.state === 'warn' ? ('warning' as const) : ('info' as const),
      message: alertSentence(each),
      remedy: signalOf(each.signal).remedy,
      observedAt: each.at,
      stepId: stepOf[each.signal] ?? null,
    }))
}
