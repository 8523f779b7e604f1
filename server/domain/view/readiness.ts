import { blockers, type Finding } from '../finding'
import type { LossStatement, Plan } from '../plan/types'
import { bytesText, durationText } from './words'

export type Readiness = {
  status: 'ready' | 'not-ready' | 'unknown'
  sentence: string
  findings: Finding[]
  expected: { rtoSeconds: { low: number; high: number }; loss: string } | null
}

/** Blockers that say "not seen", not "cannot": with these alone the honest answer is that it is not known. */
const notSeen: readonly string[] = ['service.writer-unknown', 'candidate.none', 'candidate.unreachable']

/** The answer to "could we fail over now", from the plan that would be built if the primary's region died at this moment. */
export function judgeReadiness(plan: Plan | null, regionNames: { from: string; to: string }): Readiness {
  if (!plan) {
    const sentence = 'Whether a failover would work is not known: no plan could be built.'
    return { status: 'unknown', sentence, findings: [], expected: null }
  }
  const blocking = blockers(plan.findings)
  const expected = { rtoSeconds: plan.expected.rtoSeconds, loss: lossText(plan.expected.loss) }
  const first = blocking[0]
  if (first) {
    const blind = blocking.every((each) => notSeen.includes(each.code))
    const more = blocking.length > 1 ? ` And ${blocking.length - 1} more.` : ''
    return {
      status: blind ? 'unknown' : 'not-ready',
      sentence: `${blind ? 'Not known' : 'No'}: ${first.message}${more}`,
      findings: plan.findings,
      expected,
    }
  }
  const { low, high } = expected.rtoSeconds
  const within = `${durationText(low * 1000)} to ${durationText(high * 1000)}`
  return {
    status: 'ready',
    sentence: `Yes: if ${regionNames.from} died now, ${regionNames.to} would take over within ${within} of machine time, and would lose ${expected.loss}.`,
    findings: plan.findings,
    expected,
  }
}

/** A loss in words. `bounded` holds up to the last sight of the primary only, and says so. */
export function lossText(loss: LossStatement): string {
  if (loss.certainty === 'unknown') return 'an unknown amount of writes'
  if (loss.seconds === null && loss.bytes === null) return 'an unknown amount of writes'
  const upTo = loss.certainty === 'bounded' ? ' up to the last sight of the primary' : ''
  if (loss.bytes === 0) return `nothing${upTo}`
  const size = loss.bytes === null ? '' : ` (${bytesText(loss.bytes)})`
  if (loss.seconds !== null) return `${durationText(loss.seconds * 1000)} of writes${size}${upTo}`
  return `${bytesText(loss.bytes ?? 0)} of WAL${upTo}`
}
