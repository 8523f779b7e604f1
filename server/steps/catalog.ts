import type { JsonObject } from '@/server/domain/json'
import type { StepDescriber } from '@/server/domain/plan/describe'
import { awaitSelfFence } from './agent/await-self-fence'
import { checkpointPrimary } from './agent/checkpoint-primary'
import { fencePrimary } from './agent/fence-primary'
import { holdReplay } from './agent/hold-replay'
import { keepDivergence } from './agent/keep-divergence'
import { mergeRows } from './agent/merge-rows'
import { rebuildStandby } from './agent/rebuild-standby'
import { rejoinStandby } from './agent/rejoin-standby'
import { rollForward } from './agent/roll-forward'
import { stopPrimary } from './agent/stop-primary'
import { stopStandby } from './agent/stop-standby'
import { prewarmCache } from './cache/prewarm'
import { awaitResolvers } from './dns/await-resolvers'
import { awaitShares } from './dns/await-shares'
import { editRecords } from './dns/edit-records'
import { holdOutRegion } from './dns/hold-out-region'
import { shiftPlaces } from './dns/shift-places'
import { shiftWeight } from './dns/shift-weight'
import { turnSwitch } from './dns/turn-switch'
import { acceptUnfenced } from './operator/accept-unfenced'
import { powerOffPrimary } from './platform/power-off-primary'
import { powerOnHost } from './platform/power-on-host'
import { awaitCatchUp } from './postgres/await-catch-up'
import { checkCalm } from './postgres/check-calm'
import { checkContent } from './postgres/check-content'
import { checkMerge } from './postgres/check-merge'
import { compareTables } from './postgres/compare-tables'
import { freezeLossStatement } from './postgres/freeze-loss-statement'
import { promoteCandidate } from './postgres/promote-candidate'
import { proveHandover } from './postgres/prove-handover'
import { proveWritable } from './postgres/prove-writable'
import { verifyFence } from './postgres/verify-fence'
import { verifyMerged } from './postgres/verify-merged'
import { confirmOutage } from './service/confirm-outage'
import { smokeTest } from './service/smoke-test'
import { verifyHeldOut } from './service/verify-held-out'
import { verifySynthetic } from './service/verify-synthetic'
import { watchErrorRate } from './service/watch-error-rate'
import type { AnyStep } from './step'
import { pointAtPrimary } from './workload/point-at-primary'
import { scaleRegion } from './workload/scale-region'
import { shrinkRegion } from './workload/shrink-region'

const steps: AnyStep[] = [
  confirmOutage,
  freezeLossStatement,
  powerOffPrimary,
  fencePrimary,
  awaitSelfFence,
  verifyFence,
  acceptUnfenced,
  promoteCandidate,
  proveWritable,
  pointAtPrimary,
  prewarmCache,
  scaleRegion,
  turnSwitch,
  editRecords,
  awaitResolvers,
  verifySynthetic,
  powerOnHost,
  holdOutRegion,
  verifyHeldOut,
  keepDivergence,
  rebuildStandby,
  compareTables,
  smokeTest,
  holdReplay,
  rollForward,
  checkContent,
  stopStandby,
  shiftWeight,
  shiftPlaces,
  watchErrorRate,
  awaitShares,
  rejoinStandby,
  awaitCatchUp,
  checkCalm,
  checkpointPrimary,
  stopPrimary,
  proveHandover,
  shrinkRegion,
  checkMerge,
  mergeRows,
  verifyMerged,
]

/** Every step by its id. An id that comes twice stops the process at start: a plan would not know which one it meant. */
export const catalog: ReadonlyMap<string, AnyStep> = byId(steps)

function byId(all: AnyStep[]): ReadonlyMap<string, AnyStep> {
  const found = new Map(all.map((step) => [step.id, step]))
  if (found.size !== all.length) throw new Error('Two steps of the catalogue have the same id')
  return found
}

/** @throws Error for a step that the catalogue does not have, and for inputs that it does not take */
export const describeStep: StepDescriber = (stepId: string, input: JsonObject) => {
  const step = catalog.get(stepId)
  if (!step) throw new Error(`The catalogue has no step ${stepId}`)
  const { compensate } = step
  return {
    title: step.title,
    ...step.describe(input),
    reversible: 'run' in compensate,
    undo: 'none' in compensate ? `${compensate.none}.` : (compensate.how ?? 'Taken back by the same step.'),
    pointOfNoReturn: step.pointOfNoReturn,
    skippable: step.skippable,
    deadlineMs: step.deadlineMs,
    maxAttempts: step.maxAttempts,
  }
}
