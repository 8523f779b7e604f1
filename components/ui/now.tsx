'use client'
import { createContext, type ReactNode, useContext, useSyncExternalStore } from 'react'

/** The server's clock at rendering: the first paint in the browser says the same ages as the server did. */
const RenderedAt = createContext(0)

export function NowProvider({ renderedAtMs, children }: { renderedAtMs: number; children: ReactNode }) {
  return <RenderedAt value={renderedAtMs}>{children}</RenderedAt>
}

/** One ticking clock for the whole page, so that all ages turn over together. */
let nowMs = 0
let timer: ReturnType<typeof setInterval> | null = null
const listeners = new Set<() => void>()

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  timer ??= setInterval(() => {
    nowMs = Date.now()
    for (const each of listeners) each()
  }, 1000)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0 && timer) {
      clearInterval(timer)
      timer = null
    }
  }
}

function read(): number {
  // Between ticks the value must not change, or React would paint for ever.
  if (timer === null || nowMs === 0) nowMs = Math.floor(Date.now() / 1000) * 1000
  return nowMs
}

/** Milliseconds since the epoch, once a second. */
export function useNow(): number {
  const rendered = useContext(RenderedAt)
  return useSyncExternalStore(subscribe, read, () => rendered)
}
