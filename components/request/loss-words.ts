import { formatBytes, formatSeconds, plain } from '@/components/format/number'
import type { LossStatement } from '@/server/domain/plan/types'

/** The loss in one sentence, in the words of its certainty: nothing bounded is ever called exact. */
export function lossSentence(loss: Pick<LossStatement, 'certainty' | 'bytes' | 'seconds'>): string {
  if (loss.certainty === 'unknown') return 'How much would be lost is not known.'
  const bytes = loss.bytes === null ? null : `${plain(formatBytes(loss.bytes))} of WAL`
  const seconds = loss.seconds === null ? null : `${plain(formatSeconds(loss.seconds))} of writes`
  const amount = [seconds, bytes].filter(Boolean).join(', ') || 'an amount that was not measured'
  if (loss.certainty === 'exact') return loss.bytes === 0 ? 'Nothing is lost.' : `Exactly ${amount} is lost.`
  return loss.bytes === 0
    ? 'Nothing that was seen is missing on the candidate; what came after the last sight is not known.'
    : `At most ${amount} of what was seen is missing on the candidate.`
}
