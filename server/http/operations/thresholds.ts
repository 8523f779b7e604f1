import { z } from 'zod'
import { readinessView } from '@/server/queries/dto/readiness'
import { signalsView, thresholdsView } from '@/server/queries/dto/thresholds'
import { getReadiness } from '@/server/queries/readiness-history'
import { signalsOf } from '@/server/queries/signals'
import { getThresholds } from '@/server/queries/thresholds'
import { changeThreshold, limitsBody, resetBody, resetThreshold, signalName } from '@/server/services/thresholds/change'
import { defineOperation, noBody, noQuery } from '../operation'
import { idText, serviceParams } from './common'

const path = '/api/v1/services/{service}/thresholds'
const withSignal = z.strictObject({ service: idText, signal: signalName })
const answer = { status: 200, schema: thresholdsView }

export const listSignalsOperation = defineOperation({
  id: 'listSignals',
  method: 'GET',
  path: '/api/v1/services/{service}/signals',
  right: 'service.read',
  summary: 'Every signal of every subject as it is now, with its age, its limits and its state.',
  params: serviceParams,
  query: noQuery,
  body: noBody,
  response: { status: 200, schema: signalsView },
  idempotent: false,
  handle: (context, { params }) => signalsOf(context, params.service),
})

export const getReadinessOperation = defineOperation({
  id: 'getReadiness',
  method: 'GET',
  path: '/api/v1/services/{service}/readiness',
  right: 'service.read',
  summary:
    'Whether it could fail over now, with every finding and the arithmetic of the RTO; and how the answer changed.',
  params: serviceParams,
  query: z.strictObject({ days: z.coerce.number().int().min(1).max(90).default(7) }),
  body: noBody,
  response: { status: 200, schema: readinessView },
  idempotent: false,
  handle: (context, { params, query }) => getReadiness(context, params.service, query.days),
})

export const listThresholdsOperation = defineOperation({
  id: 'listThresholds',
  method: 'GET',
  path,
  right: 'service.read',
  summary: 'The limits of every signal: what holds, the default, and who changed it, when and why.',
  params: serviceParams,
  query: noQuery,
  body: noBody,
  response: answer,
  idempotent: false,
  handle: (context, { params }) => getThresholds(context, params.service),
})

export const changeThresholdOperation = defineOperation({
  id: 'changeThreshold',
  method: 'POST',
  path: `${path}/{signal}`,
  right: 'config.apply',
  action: 'threshold.change',
  summary: 'Sets the service’s own limits for a signal.',
  params: withSignal,
  query: noQuery,
  body: limitsBody,
  response: answer,
  idempotent: true,
  async handle(context, { params, body }) {
    await changeThreshold(context, { ...params, ...body })
    return getThresholds(context, params.service)
  },
})

export const resetThresholdOperation = defineOperation({
  id: 'resetThreshold',
  method: 'POST',
  path: `${path}/{signal}/reset`,
  right: 'config.apply',
  action: 'threshold.change',
  summary: 'Goes back to the default limits of a signal.',
  params: withSignal,
  query: noQuery,
  body: resetBody,
  response: answer,
  idempotent: true,
  async handle(context, { params, body }) {
    await resetThreshold(context, { ...params, ...body })
    return getThresholds(context, params.service)
  },
})
