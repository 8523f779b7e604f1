import { openApiDocument } from './openapi'
import type { Operation } from './operation'
import { listAuditOperation, verifyAuditOperation } from './operations/audit'
import { streamEventsOperation } from './operations/events'
import { acknowledgeIncidentOperation, getIncidentOperation } from './operations/incidents'
import { getMeOperation } from './operations/me'
import { openApiOperation, unknownPathOperation } from './operations/meta'
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
  getMetricsOperation,
  getServiceOperation,
  listIncidentsOperation,
  listServicesOperation,
  previewPlanOperation,
  requestRunOperation,
} from './operations/services'
import { signInGetOperation, signInPostOperation } from './operations/sign-in'

export const openApi = openApiOperation(() => openApiDocument(operations))
export const unknownGet = unknownPathOperation('GET')
export const unknownPost = unknownPathOperation('POST')

/** Everything that can be asked over HTTP. A route file whose handlers are not made from this table fails a test. */
export const operations: readonly Operation[] = [
  getMeOperation,
  listServicesOperation,
  getServiceOperation,
  getMetricsOperation,
  previewPlanOperation,
  requestRunOperation,
  listIncidentsOperation,
  getIncidentOperation,
  acknowledgeIncidentOperation,
  listRunsOperation,
  getRunOperation,
  decideRunOperation,
  abortRunOperation,
  pauseRunOperation,
  resumeRunOperation,
  retryStepOperation,
  skipStepOperation,
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
