import { z } from 'zod'
import { exportStrandedRows, getDivergence, listDivergences, listStrandedRows } from '@/server/queries/divergences'
import { page } from '@/server/queries/dto/common'
import { divergenceDecisionBody, divergenceView, strandedRowView } from '@/server/queries/dto/divergence'
import { decideDivergence } from '@/server/services/divergences/decide'
import { defineOperation, noBody, noQuery } from '../operation'
import { apiHeaders } from '../problem'
import { cursor, idParams, limit, serviceParams } from './common'

export const listDivergencesOperation = defineOperation({
  id: 'listDivergences',
  method: 'GET',
  path: '/api/v1/services/{service}/divergences',
  right: 'incident.read',
  summary: 'What was kept of returned servers before they were rewound, newest first.',
  params: serviceParams,
  query: noQuery,
  body: noBody,
  response: { status: 200, schema: z.object({ items: z.array(divergenceView) }) },
  idempotent: false,
  handle: (context, { params }) => listDivergences(context, params.service),
})

export const getDivergenceOperation = defineOperation({
  id: 'getDivergence',
  method: 'GET',
  path: '/api/v1/divergences/{id}',
  right: 'incident.read',
  summary: 'One divergence: counts a table, and what was decided about each.',
  params: idParams,
  query: noQuery,
  body: noBody,
  response: { status: 200, schema: divergenceView },
  idempotent: false,
  handle: (context, { params }) => getDivergence(context, params.id),
})

const table = z.string().min(1).max(200).optional()

export const listStrandedRowsOperation = defineOperation({
  id: 'listStrandedRows',
  method: 'GET',
  path: '/api/v1/divergences/{id}/rows',
  right: 'run.control',
  summary:
    'The rows that only the returned server had, in the order of its WAL; format=csv (one table) or ndjson gives all of them as a file.',
  params: idParams,
  query: z.strictObject({
    table,
    cursor,
    limit: limit(50, 500),
    format: z.enum(['json', 'csv', 'ndjson']).default('json'),
  }),
  body: noBody,
  response: { status: 200, schema: page(strandedRowView) },
  idempotent: false,
  async handle(context, { params, query }) {
    const { format, ...rest } = query
    if (format === 'json') return listStrandedRows(context, { ...rest, id: params.id })
    const lines = await exportStrandedRows(context, { id: params.id, table: query.table, format })
    return download(lines, format, `${params.id}${query.table ? `-${query.table}` : ''}.${format}`)
  },
})

function download(lines: AsyncGenerator<string>, format: 'csv' | 'ndjson', name: string): Response {
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await lines.next()
      if (next.done) controller.close()
      else controller.enqueue(encoder.encode(next.value))
    },
    async cancel() {
      await lines.return(undefined)
    },
  })
  const type = format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson'
  const headers = {
    ...apiHeaders,
    'content-type': type,
    'content-disposition': `attachment; filename="${name.replace(/[^A-Za-z0-9._-]/g, '_')}"`,
  }
  return new Response(body, { headers })
}

export const decideDivergenceOperation = defineOperation({
  id: 'decideDivergence',
  method: 'POST',
  path: '/api/v1/divergences/{id}/decisions',
  right: 'run.control',
  action: 'divergence.decide',
  summary:
    'Decides what becomes of the rows of one table: drop, keep for later, or merge (a run of that kind puts them in). The rows stay kept in each case; the newest decision counts.',
  params: idParams,
  query: noQuery,
  body: divergenceDecisionBody,
  response: { status: 200, schema: divergenceView },
  idempotent: true,
  async handle(context, { params, body }) {
    await decideDivergence(context, { id: params.id, ...body })
    return getDivergence(context, params.id)
  },
})
