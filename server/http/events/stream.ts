import type { Grant } from '@/server/domain/rights'
import type { EventView } from '@/server/queries/dto/records'
import { eventsAfter, mayHear } from '@/server/queries/events'
import type { Context } from '@/server/services/context'
import { apiHeaders } from '../problem'
import { type EventHub, overlap } from './hub'

/** Proxies drop a connection on which nothing moves; 15 s is under the shortest common limit (30 s), with one beat to lose. */
const heartbeatMs = 15_000
/** A reader that was away for longer gets the newest ones: they are hints, and it fetches what it shows anyway. */
const replayLimit = 500

type StreamOptions = {
  db: Context['db']
  hub: EventHub
  grants: readonly Grant[]
  lastEventId: string | null
  signal: AbortSignal
  /** Asked at every beat: the grants as they are now, null when the session or token has ended. */
  grantsNow(): Promise<readonly Grant[] | null>
  heartbeatMs?: number
}

/**
 * Server-sent events: `id:` the event's number, `data:` an EventView. After a lost connection the browser sends the last id it had, and
 * what came since is replayed; a few may come twice, which does no harm to hints.
 */
export function eventStream(options: StreamOptions): Response {
  const encoder = new TextEncoder()
  let stop: () => void = () => undefined
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      let grants = options.grants
      let open = true
      let held: EventView[] | null = []
      const write = (text: string) => {
        if (open) controller.enqueue(encoder.encode(text))
      }
      const send = (event: EventView) => {
        if (mayHear(grants, event)) write(`id: ${event.id}\ndata: ${JSON.stringify(event)}\n\n`)
      }
      const unsubscribe = options.hub.subscribe((event) => (held ? held.push(event) : send(event)))
      const beat = setInterval(() => {
        // A comment keeps proxies awake; the page sees only the event, and knows by it that the link lives.
        write(': beat\n\nevent: ping\ndata: {}\n\n')
        options
          .grantsNow()
          .then((now) => {
            if (now) grants = now
            else stop()
          })
          // The control database is away: the reader keeps its connection, on which nothing can come meanwhile.
          .catch(() => undefined)
      }, options.heartbeatMs ?? heartbeatMs)
      stop = () => {
        if (!open) return
        open = false
        clearInterval(beat)
        unsubscribe()
        options.signal.removeEventListener('abort', stop)
        try {
          controller.close()
        } catch {
          // The reader has closed it already.
        }
      }
      options.signal.addEventListener('abort', stop)
      if (options.signal.aborted) stop()
      write('retry: 1000\n: listening\n\n')
      begin(options).then(
        (replay) => {
          const replayed = new Set(replay.map((event) => event.id))
          replay.forEach(send)
          held?.filter((event) => !replayed.has(event.id)).forEach(send)
          held = null
        },
        // Without a replay the stream would have a hole: ending it makes the reader come back with the id it has.
        () => stop(),
      )
    },
    cancel: () => stop(),
  })
  return new Response(body, {
    headers: {
      ...apiHeaders,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    },
  })
}

/** What the reader missed; waits until nothing new can be missed. */
async function begin(options: StreamOptions): Promise<EventView[]> {
  await options.hub.listening()
  if (options.lastEventId === null || !/^\d{1,18}$/.test(options.lastEventId)) return []
  const last = BigInt(options.lastEventId)
  const replay = await eventsAfter(options.db, last > overlap ? last - overlap : 0n, replayLimit)
  return replay.filter((event) => BigInt(event.id) > last || isRecent(event, replay))
}

/** An event with a smaller number may have become visible after the last one that the reader has seen: ten seconds is a long transaction. */
function isRecent(event: EventView, replay: readonly EventView[]): boolean {
  const end = replay[replay.length - 1]
  return end !== undefined && Date.parse(end.at) - Date.parse(event.at) < 10_000
}
