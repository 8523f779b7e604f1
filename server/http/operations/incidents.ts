import { z } from 'zod'
import { incidentView } from '@/server/queries/dto/records'
import { getIncident } from '@/server/queries/incidents'
import { acknowledgeIncident } from '@/server/services/incidents/acknowledge'
import { defineOperation, noBody, noQuery } from '../operation'
import { idParams } from './common'

export const getIncidentOperation = defineOperation({
  id: 'getIncident',
  method: 'GET',
  path: '/api/v1/incidents/{id}',
  right: 'incident.read',
  summary: 'One incident with its timeline, its runs and what was measured.',
  params: idParams,
  query: noQuery,
  body: noBody,
  response: { status: 200, schema: incidentView },
  idempotent: false,
  handle: (context, { params }) => getIncident(context, params.id),
})

export const acknowledgeIncidentOperation = defineOperation({
  id: 'acknowledgeIncident',
  method: 'POST',
  path: '/api/v1/incidents/{id}/acknowledge',
  right: 'incident.acknowledge',
  action: 'incident.acknowledge',
  summary: 'Says that a person has seen it. The first one counts; saying it again changes nothing.',
  params: idParams,
  query: noQuery,
  body: z.strictObject({}).optional(),
  response: { status: 200, schema: incidentView },
  idempotent: true,
  async handle(context, { params }) {
    await acknowledgeIncident(context, { incidentId: params.id })
    return getIncident(context, params.id)
  },
})
