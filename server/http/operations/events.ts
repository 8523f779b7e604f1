import { z } from 'zod'
import { consoleWiring } from '@/server/wiring'
import { authenticate } from '../authenticate'
import { eventStream } from '../events/stream'
import { defineOperation, noBody, noParams } from '../operation'

const eventId = z.string().regex(/^\d{1,18}$/, 'the id of an event')

export const streamEventsOperation = defineOperation({
  id: 'streamEvents',
  method: 'GET',
  path: '/api/v1/events',
  right: 'service.read',
  summary:
    'Server-sent events: hints that something changed, filtered by the reader’s rights. Replays what came after Last-Event-ID.',
  params: noParams,
  query: z.strictObject({
    lastEventId: eventId.optional().describe('For readers that cannot set the Last-Event-ID header.'),
  }),
  body: noBody,
  response: { status: 200, schema: z.string(), contentType: 'text/event-stream' },
  idempotent: false,
  async handle(context, { query }, request) {
    const wiring = consoleWiring()
    return eventStream({
      db: context.db,
      hub: wiring.events,
      grants: context.grants,
      lastEventId: request.headers.get('last-event-id') ?? query.lastEventId ?? null,
      signal: request.signal,
      grantsNow: async () => (await authenticate(wiring, request.headers, false))?.grants ?? null,
    })
  },
})
