import { z } from 'zod'
import { type AuditFilter, exportAudit, listAudit, verifyAudit } from '@/server/queries/audit'
import { page } from '@/server/queries/dto/common'
import { auditEntryView, auditVerification } from '@/server/queries/dto/records'
import type { Context } from '@/server/services/context'
import { defineOperation, noBody, noParams, noQuery } from '../operation'
import { apiHeaders } from '../problem'
import { cursor, idText, instantText, limit } from './common'

const word = z.string().min(1).max(200)

export const listAuditOperation = defineOperation({
  id: 'listAudit',
  method: 'GET',
  path: '/api/v1/audit',
  right: 'audit.read',
  summary:
    'The audit trail, newest first; with format=ndjson all that passes the filter, oldest first, one JSON object a line.',
  params: noParams,
  query: z.strictObject({
    service: idText.optional(),
    run: idText.optional(),
    runId: idText.optional().describe('The same as `run`.'),
    action: word.optional(),
    actor: word.optional().describe('E-mail address, or the id of a worker.'),
    outcome: z.enum(['allow', 'deny', 'ok', 'failed']).optional(),
    from: instantText.optional(),
    to: instantText.optional(),
    cursor,
    limit: limit(50, 200),
    format: z.enum(['json', 'ndjson']).default('json'),
  }),
  body: noBody,
  response: { status: 200, schema: page(auditEntryView) },
  idempotent: false,
  async handle(context, { query }) {
    const { format, cursor: after, limit: most, runId, ...rest } = query
    const filter: AuditFilter = { ...rest, run: rest.run ?? runId }
    if (format === 'ndjson') return ndjson(context, filter)
    return listAudit(context, { ...filter, cursor: after, limit: most })
  },
})

export const verifyAuditOperation = defineOperation({
  id: 'verifyAudit',
  method: 'GET',
  path: '/api/v1/audit/verification',
  right: 'audit.read',
  summary: 'Recomputes the hash chain and compares it with the published heads.',
  params: noParams,
  query: noQuery,
  body: noBody,
  response: { status: 200, schema: auditVerification },
  idempotent: false,
  handle: (context) => verifyAudit(context),
})

/** Pulled batch by batch by whoever reads, so that an export of any size needs the memory of one batch. */
function ndjson(context: Context, filter: AuditFilter): Response {
  const batches = exportAudit(context, filter)
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await batches.next()
      if (next.done) controller.close()
      else controller.enqueue(encoder.encode(next.value.map((entry) => `${JSON.stringify(entry)}\n`).join('')))
    },
    cancel: async () => void (await batches.return(undefined)),
  })
  return new Response(body, {
    headers: {
      ...apiHeaders,
      'content-type': 'application/x-ndjson',
      'content-disposition': 'attachment; filename="lifeboat-audit.ndjson"',
    },
  })
}
