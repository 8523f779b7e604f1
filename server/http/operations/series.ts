import { z } from 'zod'
import { metricNames } from '@/server/domain/series/catalogue'
import { maxPoints, usualPoints } from '@/server/domain/series/tiers'
import { getAnnotations } from '@/server/queries/annotations'
import { anomaliesView, listAnomalies } from '@/server/queries/anomalies'
import { annotationsView, seriesView } from '@/server/queries/dto/series'
import { getSeries } from '@/server/queries/series'
import { defineOperation, noBody, noQuery } from '../operation'
import { limit, listOf, serviceParams } from './common'

const instant = z.string().min(1).max(40)
const range = {
  from: instant.default('now-6h').describe('now, now-6h (s, m, h, d, w, y), or an instant with its zone.'),
  to: instant.default('now').describe('As from.'),
}

export const getSeriesOperation = defineOperation({
  id: 'getServiceSeries',
  method: 'GET',
  path: '/api/v1/services/{service}/series',
  right: 'service.read',
  summary:
    'Series over at most two years, each bucket with average, least and greatest value; a gap in observing is null. The last six hours if no range is given.',
  params: serviceParams,
  query: z.strictObject({
    metrics: listOf(metricNames),
    ...range,
    points: limit(usualPoints, maxPoints).describe('The most of each series; fewer when many series share an answer.'),
    subject: z.string().min(1).max(300).optional().describe('Only the series of this server, name or region.'),
  }),
  body: noBody,
  response: { status: 200, schema: seriesView },
  idempotent: false,
  handle: (context, { params, query }) =>
    getSeries(context, params.service, { ...query, subject: query.subject ?? null }),
})

export const getAnnotationsOperation = defineOperation({
  id: 'getServiceAnnotations',
  method: 'GET',
  path: '/api/v1/services/{service}/annotations',
  right: 'service.read',
  summary:
    'What happened to a service in a range: incidents, runs, announced maintenance, anomalies. Newest first, 500 at the most.',
  params: serviceParams,
  query: z.strictObject(range),
  body: noBody,
  response: { status: 200, schema: annotationsView },
  idempotent: false,
  handle: (context, { params, query }) => getAnnotations(context, params.service, query),
})

export const listAnomaliesOperation = defineOperation({
  id: 'listAnomalies',
  method: 'GET',
  path: '/api/v1/services/{service}/anomalies',
  right: 'service.read',
  summary: 'Storms of updates and deletes in a table, newest first, each with the moment before it. 100 at the most.',
  params: serviceParams,
  query: noQuery,
  body: noBody,
  response: { status: 200, schema: anomaliesView },
  idempotent: false,
  handle: (context, { params }) => listAnomalies(context, params.service),
})
