import type { Finding } from './finding'
import { lsnDiffBytes } from './lsn'

export const commitWindowStates = ['open', 'committed', 'ended'] as const
export type CommitWindowState = (typeof commitWindowStates)[number]

/** The way back that a failover left: the old primary, fenced and untouched. */
export type CommitWindowFact = {
  runId: string
  fencedServerId: string
  fencedRegion: string
  state: CommitWindowState
  endsAt: string
}

/**
 * What stands in the way of rewinding or rebuilding a server: it is the only way back. Empty once someone has committed, once the window has
 * ended, and for every other server.
 */
export function commitWindowFindings(
  window: CommitWindowFact | null | undefined,
  serverId: string,
  nowMs: number,
): Finding[] {
  if (window?.state !== 'open' || window.fencedServerId !== serverId) return []
  if (Date.parse(window.endsAt) <= nowMs) return []
  return [
    {
      code: 'commit-window.open',
      severity: 'blocker',
      message: `${serverId} is kept as the way back until ${window.endsAt}: rewinding it now would give up the way back.`,
      remedy: 'Commit to the new primary on the service’s page, or wait until the window has ended.',
      observedAt: null,
      stepId: null,
    },
  ]
}

type GoingBack = {
  /** WAL written on the new primary since the histories parted; null when not known. */
  bytes: number | null
  /** How long the new primary has taken writes, up to the position that `bytes` counts to; null when not known. */
  seconds: number | null
  /** Rows cannot be told from positions; they are counted only when the WAL itself is read. */
  rows: null
  /** When the new primary's position was seen. */
  observedAt: string | null
  words: string
}

/** What going back to the old primary would lose now: everything that the new one has written since the fork. */
export function goingBackLoss(
  window: { forkLsn: string; forkedAt: string; writerServerId: string },
  seen: { currentLsn: string | null; observedAt: string } | null,
): GoingBack {
  const unknown = { bytes: null, seconds: null, rows: null, observedAt: seen?.observedAt ?? null }
  if (!seen || seen.currentLsn === null) {
    return { ...unknown, words: `Not known: ${window.writerServerId} has not told its position.` }
  }
  const bytes = lsnDiffBytes(seen.currentLsn, window.forkLsn)
  if (bytes < 0) {
    return { ...unknown, words: `Not known: ${window.writerServerId} tells a position before the fork.` }
  }
  const seconds = Math.max(0, (Date.parse(seen.observedAt) - Date.parse(window.forkedAt)) / 1000)
  return {
    bytes,
    seconds,
    rows: null,
    observedAt: seen.observedAt,
    words: `Everything that ${window.writerServerId} has written since it took over.`,
  }
}
