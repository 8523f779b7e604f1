'use client'
import { useSyncExternalStore } from 'react'
import { useNow } from '@/components/ui/now'
import { type Connection, connection, isTrusted, type Link, linkOf } from './connection'

export function useConnection(): Connection {
  return useSyncExternalStore(connection.subscribe, connection.get, connection.onServer)
}

export function useLink(): Link {
  return linkOf(useConnection(), useNow())
}

/** False once nothing has been heard from the console for a while: nothing on the page is then shown as fine. */
export function useTrusted(): boolean {
  const state = useConnection()
  const nowMs = useNow()
  return isTrusted(state, nowMs)
}
