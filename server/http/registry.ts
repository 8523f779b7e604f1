import { openApiDocument } from './openapi'
import type { Operation } from './operation'
import {
  acknowledgeAlertOperation,
  createSilenceOperation,
  endSilenceOperation,
  getAlertOperation,
  listAlertsOperation,
} from './operations/alerts'
import { listAuditOperation, verifyAuditOperation } from './operations/audit'
import { getReviewOperation, listBreakGlassOperation, reviewRunOperation } from './operations/break-glass'
import { commitOperation, getCommitWindowOperation } from './operations/commit-window'
import {
  decideDivergenceOperation,
  getDivergenceOperation,
  listDivergencesOperation,
  listStrandedRowsOperation,
} from './operations/divergences'
import { streamEventsOperation } from './operations/events'
import { acknowledgeIncidentOperation, getIncidentOperation } from './operations/incidents'
import { getMeOperation } from './operations/me'
import { openApiOperation, unknownPathOperation } from './operations/meta'
import {
  acknowledgeFailoverOperation,
  announceMaintenanceOperation,
  cancelMaintenanceOperation,
  getModeOperation,
  requestStandingApprovalOperation,
  revokeStandingApprovalOperation,
  setKillSwitchOperation,
  voteStandingApprovalOperation,
} from './operations/mode'
import { livezOperation, metricsOperation, readyzOperation } from './operations/probes'
import {
  abortRunOperation,
  decideRunOperation,
  getRunOperation,
  listRunsOperation,
  pauseRunOperation,
  resumeRunOperation,
  retryStepOperation,
  skipStepOperation,
} from './operations/runs'
import {
  beginSecondFactorOperation,
  confirmSecondFactorOperation,
  getSecondFactorOperation,
  removeSecondFactorOperation,
} from './operations/second-factor'
import { getAnnotationsOperation, getSeriesOperation, listAnomaliesOperation } from './operations/series'
import {
  getMetricsOperation,
  getServiceOperation,
  listIncidentsOperation,
  listServicesOperation,
  previewPlanOperation,
  requestRunOperation,
} from './operations/services'
import { signInGetOperation, signInPostOperation } from './operations/sign-in'
import {
  changeThresholdOperation,
  getReadinessOperation,
  listSignalsOperation,
  listThresholdsOperation,
  resetThresholdOperation,
} from './operations/thresholds'

export const openApi = openApiOperation(() => openApiDocument(operations))
export const unknownGet = unknownPathOperation('GET')
export const unknownPost = unknownPathOperation('POST')

/** Everything that can be asked over HTTP. A route file whose handlers are not made from this table fails a test. */
export const operations: readonly Operation[] = [
  getMeOperation,
  listServicesOperation,
  getServiceOperation,
  getMetricsOperation,
  getSeriesOperation,
  getAnnotationsOperation,
  listAnomaliesOperation,
  previewPlanOperation,
  requestRunOperation,
  getModeOperation,
  setKillSwitchOperation,
  acknowledgeFailoverOperation,
  requestStandingApprovalOperation,
  voteStandingApprovalOperation,
  revokeStandingApprovalOperation,
  announceMaintenanceOperation,
  cancelMaintenanceOperation,
  listIncidentsOperation,
  getIncidentOperation,
  acknowledgeIncidentOperation,
  getReadinessOperation,
  listSignalsOperation,
  listThresholdsOperation,
  changeThresholdOperation,
  resetThresholdOperation,
  listAlertsOperation,
  getAlertOperation,
  acknowledgeAlertOperation,
  createSilenceOperation,
  endSilenceOperation,
  listDivergencesOperation,
  getDivergenceOperation,
  listStrandedRowsOperation,
  decideDivergenceOperation,
  listRunsOperation,
  getRunOperation,
  decideRunOperation,
  abortRunOperation,
  pauseRunOperation,
  resumeRunOperation,
  retryStepOperation,
  skipStepOperation,
  listBreakGlassOperation,
  getReviewOperation,
  reviewRunOperation,
  getCommitWindowOperation,
  commitOperation,
  getSecondFactorOperation,
  beginSecondFactorOperation,
  confirmSecondFactorOperation,
  removeSecondFactorOperation,
  listAuditOperation,
  verifyAuditOperation,
  streamEventsOperation,
  livezOperation,
  readyzOperation,
  metricsOperation,
  openApi,
  signInGetOperation,
  signInPostOperation,
  unknownGet,
  unknownPost,
]
