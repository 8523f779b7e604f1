import type { Plan } from '../plan/types'
import type { AutomaticPolicy, ServiceConfig } from '../service-config'
import type { StandingState } from './standing-approval'

/** What one vantage point last saw of a region's endpoint. `unknown`: nothing, or too long ago to count. */
export type Sight = {
  vantage: string
  verdict: 'ok' | 'failing' | 'unknown'
  /** Failures in a row, the newest included. */
  failures: number
  observedAt: string | null
}

export type Switch = { on: boolean; reason: string; changedAt: string; changedBy: string }

/** Everything that the decision is made from. It reads nothing else, so equal facts give equal decisions. */
export type ModeFacts = {
  nowMs: number
  /**
   * `now`: an outage is confirmed, and this decides. `if-lost`: nothing has happened; what would be done if the primary's region died at this moment.
   */
  asked: 'now' | 'if-lost'
  mode: ServiceConfig['mode']
  policy: AutomaticPolicy
  failuresToConfirm: number
  /** Names of the region with the writer, and of the one that would take over. */
  from: { region: string; name: string; sights: readonly Sight[] }
  to: { region: string; name: string; sights: readonly Sight[] }
  killSwitches: { service: Switch | null; all: Switch | null }
  /** The newest one that was asked for; null when nobody ever did. */
  standing: {
    id: string
    state: StandingState
    problems: readonly string[]
    expiresAt: string
    approvers: readonly string[]
  } | null
  /** The outage that is not over; null when all is well. */
  incident: { id: string; state: string; region: string | null; openedAt: string; confirmedAt: string | null } | null
  /** What was opened for this incident before. */
  opened: { automatic: number; drafts: readonly { runId: string; state: string }[] }
  /** The service's newest automatic failover. */
  lastAutomatic: { runId: string; at: string; acknowledgedAt: string | null } | null
  /** The failover as it would be built now; null when none can be built from what is known. */
  plan: Plan | null
  /** Standbys of the surviving region whose agents answered lately. */
  candidates: readonly { serverId: string; observedAt: string }[]
  activeRun: { id: string; kind: string; state: string } | null
  waitingRun: { id: string; kind: string } | null
  maintenance: { reason: string; endsAt: string } | null
}

/** Whether a rule holds: null while it cannot be known. Unknown never counts as holding. */
export type Holds = boolean | null

export type Reason = {
  code: string
  holds: Holds
  /** What is so, as a sentence. */
  words: string
  /** `act`: stands only in the way of acting without a person. `both`: also of drafting. */
  scope: 'act' | 'both'
  /** Can only be known once it happens; counts for nothing while the question is "if". */
  onlyThen: boolean
  observedAt: string | null
}

export type Verdict = 'act' | 'draft' | 'wait' | 'refuse'
export type ModeDecision = { verdict: Verdict; reasons: Reason[] }
