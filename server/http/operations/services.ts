import { z } from 'zod'
import { page } from '@/server/queries/dto/common'
import { incidentView } from '@/server/queries/dto/records'
import { planPreview, requestRunBody, runView } from '@/server/queries/dto/run'
import { metricsView, serviceSummary, serviceView } from '@/server/queries/dto/service'
import { listIncidents } from '@/server/queries/incidents'
import { getMetrics, metricNames } from '@/server/queries/metrics'
import { jsonObject } from '@/server/queries/read'
import { getRun } from '@/server/queries/runs'
import { getService, listServices } from '@/server/queries/services'
import { previewPlan } from '@/server/services/runs/preview'
import { requestRun } from '@/server/services/runs/request'
import { defineOperation, noBody, noParams, noQuery } from '../operation'
import { cursor, instantText, limit, listOf, serviceParams } from './common'
import { secondFactorHeader } from './second-factor'

export const listServicesOperation = defineOperation({
  id: 'listServices',
  method: 'GET',
  path: '/api/v1/services',
  right: 'service.read',
  summary: 'The services, each with its state in a sentence, its writer, its lag and its readiness.',
  params: noParams,
  query: noQuery,
  body: noBody,
  response: { status: 200, schema: page(serviceSummary) },
  idempotent: false,
  handle: (context) => listServices(context),
})

export const getServiceOperation = defineOperation({
  id: 'getService',
  method: 'GET',
  path: '/api/v1/services/{service}',
  right: 'service.read',
  summary: 'One service: regions with role and reachability, writer, replication, DNS, readiness.',
  params: serviceParams,
  query: noQuery,
  body: noBody,
  response: { status: 200, schema: serviceView },
  idempotent: false,
  handle: (context, { params }) => getService(context, params.service),
})

const usualRangeMs = 60 * 60_000

export const getMetricsOperation = defineOperation({
  id: 'getServiceMetrics',
  method: 'GET',
  path: '/api/v1/services/{service}/metrics',
  right: 'service.read',
  summary:
    'Series of lag and of probes, at most 2,000 points each; a gap in observing is null. The last hour if no range is given.',
  params: serviceParams,
  query: z.strictObject({
    from: instantText.optional(),
    to: instantText.optional(),
    step: z.coerce
      .number()
      .min(1)
      .max(86_400)
      .optional()
      .describe('Seconds a point; made wider when the range asks for it.'),
    names: listOf(metricNames).default([...metricNames]),
  }),
  body: noBody,
  response: { status: 200, schema: metricsView },
  idempotent: false,
  handle: (context, { params, query }) => {
    const to = query.to ?? new Date(context.clock.now()).toISOString()
    const from = query.from ?? new Date(Date.parse(to) - usualRangeMs).toISOString()
    const stepMs = query.step === undefined ? null : Math.round(query.step * 1000)
    return getMetrics(context, params.service, { from, to, stepMs, names: query.names })
  },
})

export const listIncidentsOperation = defineOperation({
  id: 'listIncidents',
  method: 'GET',
  path: '/api/v1/services/{service}/incidents',
  right: 'incident.read',
  summary: 'The incidents of a service, newest first, each with its timeline.',
  params: serviceParams,
  query: z.strictObject({ cursor, limit: limit(20, 100) }),
  body: noBody,
  response: { status: 200, schema: page(incidentView) },
  idempotent: false,
  handle: (context, { params, query }) => listIncidents(context, { service: params.service, ...query }),
})

export const previewPlanOperation = defineOperation({
  id: 'previewPlan',
  method: 'POST',
  path: '/api/v1/services/{service}/plans',
  right: 'run.read',
  summary: 'The plan as it would be if a run were asked for now, with what stands in its way. Nothing is kept.',
  params: serviceParams,
  query: noQuery,
  // The body of a request, so that what was previewed is asked for by sending the same to …/runs; a preview needs no reason.
  body: z.strictObject({ ...requestRunBody.shape, reason: z.string().max(1000).optional() }),
  response: { status: 200, schema: planPreview },
  idempotent: false,
  handle: (context, { params, body }) =>
    previewPlan(context, { service: params.service, kind: body.kind, inputs: jsonObject(body.inputs) }),
})

export const requestRunOperation = defineOperation({
  id: 'requestRun',
  method: 'POST',
  path: '/api/v1/services/{service}/runs',
  right: 'run.request',
  action: 'run.request',
  summary:
    'Builds the plan from what is so now and opens the run that waits for its approvals. With inputs.breakGlass it needs a fresh code in the Lifeboat-Second-Factor header.',
  params: serviceParams,
  query: noQuery,
  body: z.strictObject(requestRunBody.shape),
  response: { status: 201, schema: runView },
  idempotent: true,
  async handle(context, { params, body }, request) {
    const { runId } = await requestRun(context, {
      ...body,
      service: params.service,
      inputs: jsonObject(body.inputs),
      // Beside the body, which is digested and kept with the idempotency key.
      secondFactorCode: request.headers.get(secondFactorHeader),
    })
    return getRun(context, runId)
  },
})
