import type { RunState, StepState } from '@/server/domain/run/states'
import type { Health } from '@/server/queries/dto/common'

/** State of a run or a step as people say it, with the shape and colour of the health it amounts to. */
export type StateLook = { word: string; health: Health }

export const runLooks: Record<RunState, StateLook> = {
  draft: { word: 'draft', health: 'unknown' },
  awaiting_approval: { word: 'waits for approval', health: 'paused' },
  approved: { word: 'approved, about to start', health: 'paused' },
  running: { word: 'running', health: 'degraded' },
  paused: { word: 'paused', health: 'paused' },
  succeeded: { word: 'succeeded', health: 'ok' },
  failed: { word: 'failed', health: 'down' },
  aborted: { word: 'aborted', health: 'stale' },
  compensated: { word: 'taken back', health: 'degraded' },
  compensation_failed: { word: 'taking back failed', health: 'down' },
  rejected: { word: 'denied', health: 'stale' },
  expired: { word: 'expired', health: 'stale' },
  superseded: { word: 'overtaken', health: 'stale' },
}

export type StepLook = { word: string; shape: string; ink: string }

export const stepLooks: Record<StepState, StepLook> = {
  pending: { word: 'to do', shape: '○', ink: 'text-muted' },
  running: { word: 'running', shape: '▶', ink: 'text-accent' },
  verifying: { word: 'verifying', shape: '◎', ink: 'text-accent' },
  succeeded: { word: 'done and verified', shape: '✓', ink: 'text-ok' },
  failed: { word: 'failed', shape: '✖', ink: 'text-down' },
  skipped: { word: 'skipped', shape: '↷', ink: 'text-degraded' },
  compensating: { word: 'being taken back', shape: '◀', ink: 'text-degraded' },
  compensated: { word: 'taken back', shape: '↶', ink: 'text-degraded' },
  compensation_failed: { word: 'could not be taken back', shape: '✖', ink: 'text-down' },
}

export const kindWords: Record<string, string> = {
  failover: 'Fail over',
  switchover: 'Switch over',
  failback: 'Fail back',
  evacuate: 'Evacuate',
  restore: 'Restore',
  merge: 'Re-insert kept rows',
  backup: 'Back up',
  verify: 'Verify backup',
  drill: 'Drill',
  rebuild: 'Rebuild',
}
