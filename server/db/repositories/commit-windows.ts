import { type CommitWindowFact, type CommitWindowState, commitWindowStates } from '@/server/domain/commit-window'
import type { Tx } from '../tx'

/** The way back that the newest failover of a service left, whatever became of it; null before the first one. */
export async function newestCommitWindow(
  tx: Pick<Tx, 'commitWindow'>,
  serviceId: string,
): Promise<CommitWindowFact | null> {
  const row = await tx.commitWindow.findFirst({ where: { serviceId }, orderBy: { openedAt: 'desc' } })
  if (!row) return null
  return {
    runId: row.runId,
    fencedServerId: row.fencedServerId,
    fencedRegion: row.fencedRegion,
    state: windowState(row.state),
    endsAt: row.endsAt.toISOString(),
  }
}

/** @throws TypeError for a word that is none of the states */
export function windowState(text: string): CommitWindowState {
  const found = commitWindowStates.find((each) => each === text)
  if (!found) throw new TypeError(`${text} is not a state of a commit window`)
  return found
}
