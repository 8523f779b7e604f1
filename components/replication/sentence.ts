import { formatBytes, formatSeconds, plain } from '@/components/format/number'
import { ageText } from '@/components/format/time'
import type { ServiceView } from '@/server/queries/dto/service'

type Replication = ServiceView['replication']

/** How replication stands, in one sentence. A broken link is never "no lag", and what is not known is said to be not known. */
export function replicationSentence(
  { state, lagSeconds, lagBytes, from, to, observedAt }: Replication,
  nowMs: number,
): string {
  const pair = from && to ? `${to} follows ${from}` : null
  const seen = observedAt ? `, seen ${ageText(observedAt, nowMs)}` : ''
  if (state === 'none') return 'No pair of servers replicates: what would be lost is everything since the last backup.'
  if (state === 'broken') {
    const last =
      lagSeconds.value === null ? '' : ` It was ${plain(formatSeconds(lagSeconds.value))} behind when last known.`
    return `Replication is broken: ${to ?? 'the standby'} does not receive from ${from ?? 'the primary'}${seen}.${last}`
  }
  if (state === 'unknown' || lagSeconds.value === null) {
    return `How far ${to ?? 'the standby'} is behind is not known${lagSeconds.note ? `: ${lagSeconds.note}` : ''}${seen}.`
  }
  const bytes =
    lagBytes.value === null
      ? ''
      : lagBytes.value === 0
        ? ', at the same position'
        : ` (${plain(formatBytes(lagBytes.value))} of WAL)`
  return `${pair ?? 'The standby follows'}, ${plain(formatSeconds(lagSeconds.value))} behind by the heartbeat${bytes}${seen}.`
}
