'use client'
import { useState } from 'react'

/**
 * The error to show while there is no data. A repeated reading first forgets the error of the one before: without this a page that is
 * refused, and asked again at every hint, would never say so.
 */
export function useShownError(query: { data: unknown; error: unknown }): unknown {
  const [last, setLast] = useState<unknown>(null)
  if (query.error && query.error !== last) setLast(query.error)
  if (query.data !== undefined && last !== null && !query.error) setLast(null)
  return query.error ?? last
}
