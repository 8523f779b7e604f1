import { z } from 'zod'
import { getAlert, listAlerts } from '@/server/queries/alerts'
import { alertDetail, alertSeverities, alertStates, alertsView } from '@/server/queries/dto/alerts'
import { acknowledgeAlert, acknowledgeBody } from '@/server/services/alerts/acknowledge'
import { createSilence, endSilence, silenceBody } from '@/server/services/alerts/silence'
import { defineOperation, noBody, noParams, noQuery } from '../operation'
import { cursor, idParams, idText, limit, listOf } from './common'

const path = '/api/v1/alerts'

export const listAlertsOperation = defineOperation({
  id: 'listAlerts',
  method: 'GET',
  path,
  right: 'incident.read',
  summary: 'Alerts, those that fire first, with the silences in force. Without `state`: all that are not resolved.',
  params: noParams,
  query: z.strictObject({
    service: idText.optional(),
    severity: listOf(alertSeverities).optional(),
    state: listOf(alertStates).optional(),
    cursor,
    limit: limit(100, 500),
  }),
  body: noBody,
  response: { status: 200, schema: alertsView },
  idempotent: false,
  handle: (context, { query }) => listAlerts(context, query),
})

export const getAlertOperation = defineOperation({
  id: 'getAlert',
  method: 'GET',
  path: `${path}/{id}`,
  right: 'incident.read',
  summary: 'One alert with its history.',
  params: idParams,
  query: noQuery,
  body: noBody,
  response: { status: 200, schema: alertDetail },
  idempotent: false,
  handle: (context, { params }) => getAlert(context, params.id),
})

export const acknowledgeAlertOperation = defineOperation({
  id: 'acknowledgeAlert',
  method: 'POST',
  path: `${path}/{id}/acknowledge`,
  right: 'incident.acknowledge',
  action: 'alert.acknowledge',
  summary: 'Says that a person has seen it. It fires again when it gets worse.',
  params: idParams,
  query: noQuery,
  body: acknowledgeBody,
  response: { status: 200, schema: alertDetail },
  idempotent: true,
  async handle(context, { params, body }) {
    await acknowledgeAlert(context, { ...params, ...body })
    return getAlert(context, params.id)
  },
})

/** Whoever created it reads the list as it is then. */
const answer = { status: 200, schema: alertsView }
const everything = { limit: 100 }

export const createSilenceOperation = defineOperation({
  id: 'createAlertSilence',
  method: 'POST',
  path: `${path}/silences`,
  right: 'incident.acknowledge',
  action: 'alert-silence.create',
  summary:
    'Keeps matching alerts quiet until an instant, at most seven days away. Two writable primaries are never kept quiet.',
  params: noParams,
  query: noQuery,
  body: silenceBody,
  response: { ...answer, status: 201 },
  idempotent: true,
  async handle(context, { body }) {
    await createSilence(context, body)
    return listAlerts(context, everything)
  },
})

export const endSilenceOperation = defineOperation({
  id: 'endAlertSilence',
  method: 'POST',
  path: `${path}/silences/{id}/end`,
  right: 'incident.acknowledge',
  action: 'alert-silence.end',
  summary: 'Ends a silence before its time.',
  params: idParams,
  query: noQuery,
  body: noBody.or(z.strictObject({})),
  response: answer,
  idempotent: true,
  async handle(context, { params }) {
    await endSilence(context, params)
    return listAlerts(context, everything)
  },
})
