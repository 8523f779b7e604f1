'use client'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import type { EventView } from '@/server/queries/dto/records'
import { connection } from './connection'
import { keys, touchedBy } from './keys'
import { createRefresher } from './refresher'

/** Events of a quarter of a second are answered together: four paints a second are as many as anyone can read. */
const coalesceMs = 250
const reopenMs = 5_000
const kinds: readonly EventView['kind'][] = [
  'run.changed',
  'step.changed',
  'service.changed',
  'incident.changed',
  'approval.changed',
  'alert.changed',
  'audit.appended',
]

/** The one event stream of the tab. An event is a hint: what it touches is read again; after a gap, everything is. */
export function LiveEvents() {
  const client = useQueryClient()
  useEffect(() => {
    const refresher = createRefresher((key) => client.invalidateQueries({ queryKey: key }), coalesceMs)
    let everOpen = false
    const onEvent = (message: MessageEvent<string>) => {
      connection.event(Date.now())
      const event = readEvent(message)
      if (event) for (const key of touchedBy(event)) refresher.touch(key)
    }
    let source: EventSource | null = null
    let again: ReturnType<typeof setTimeout> | null = null
    const open = () => {
      source = new EventSource('/api/v1/events')
      source.onopen = () => {
        connection.streamIs('open')
        connection.event(Date.now())
        // What happened while nobody listened is not sent again.
        if (everOpen)
          for (const key of [keys.services, keys.runs, ['incidents'], ['audit', 'list']]) refresher.touch(key)
        everOpen = true
      }
      source.onerror = () => {
        const closed = source?.readyState === EventSource.CLOSED
        connection.streamIs(closed ? 'closed' : 'connecting')
        // The browser gives up for good on an answer that is no stream, such as a proxy's 502.
        if (closed) again ??= setTimeout(reopen, reopenMs)
      }
      source.onmessage = onEvent
      source.addEventListener('ping', () => connection.event(Date.now()))
    }
    const reopen = () => {
      again = null
      source?.close()
      open()
    }
    open()
    return () => {
      source?.close()
      refresher.stop()
      if (again) clearTimeout(again)
      connection.streamIs('closed')
    }
  }, [client])
  return null
}

function readEvent(message: MessageEvent<string>): Pick<EventView, 'kind' | 'service' | 'runId'> | null {
  try {
    const data: unknown = JSON.parse(message.data)
    if (typeof data !== 'object' || data === null) return null
    const kind = kinds.find((each) => each === textIn(data, 'kind'))
    if (!kind) return null
    return { kind, service: textIn(data, 'service'), runId: textIn(data, 'runId') }
  } catch {
    return null
  }
}

function textIn(data: object, name: string): string | null {
  const value: unknown = Reflect.get(data, name)
  return typeof value === 'string' ? value : null
}
