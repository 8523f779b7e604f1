import type { StrandedRow } from '@/server/domain/agent-protocol'
import type { KeptTable } from '@/server/domain/plan/failback-steps'
import type { MergeOutcomeKind } from '@/server/domain/plan/merge-steps'

/** A divergence by what it is: the same server, fork and end are the same divergence, whoever reads it and how often. */
export type FoundDivergence = {
  serverId: string
  region: string
  incidentId: string | null
  forkLsn: string
  forkTimeline: number
  endLsn: string
  bytes: number
  transactions: number
  lastCommitAt: string | null
  complete: boolean
}

export type KeptDivergence = { id: string; serverId: string; rows: number; tables: KeptTable[]; keptAt: string | null }

/** What became of one kept row in a merge; `note` says why, without its content. */
export type RowOutcome = { seq: number; table: string; outcome: MergeOutcomeKind; note: string | null }

/**
 * Where what a returned server alone has is written down before the server is rewound: Lifeboat's own control database, under the run's lease. A divergence
 * that is kept is never written again.
 */
export interface DivergenceStore {
  /** Begins a divergence, or finds the one that was begun. */
  begin(found: FoundDivergence): Promise<KeptDivergence>
  /** Rows that are there already are left as they are. */
  putRows(id: string, rows: readonly StrandedRow[]): Promise<void>
  /** Says that every row is written. Already kept: nothing changes. */
  keep(id: string, tables: readonly KeptTable[]): Promise<KeptDivergence>
  /** As it is in the store now; null when there is none. */
  read(id: string): Promise<(KeptDivergence & { decisions: Readonly<Record<string, string>> }) | null>
  /** Kept rows of one table past `after`, in their order; with `outcomes` only those of which this run said so. */
  rows(
    id: string,
    table: string,
    after: number,
    limit: number,
    outcomes?: readonly MergeOutcomeKind[],
  ): Promise<StrandedRow[]>
  /** What this run did with rows. What is written once is not written again. */
  putOutcomes(id: string, outcomes: readonly RowOutcome[]): Promise<void>
  countOutcomes(id: string): Promise<{ table: string; outcome: string; rows: number }[]>
}
