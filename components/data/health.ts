import { queryOptions } from '@tanstack/react-query'
import { connection } from './connection'
import { keys } from './keys'
import { unreachable } from './problem'

/** `ready`: requests can be served. `failing`: parts that are away, which may be so while it is ready. */
export type ControlPlaneHealth = { ready: boolean; failing: { name: string; detail: string }[] }

/** Lifeboat's own readiness. An answer of 503 is an answer: it names what is missing. */
export const healthQuery = () =>
  queryOptions({
    queryKey: keys.health,
    queryFn: async ({ signal }): Promise<ControlPlaneHealth> => {
      const response = await fetch('/readyz', { signal, cache: 'no-store' }).catch((error: unknown) => {
        if (signal.aborted) throw error
        connection.failed()
        throw unreachable(false)
      })
      connection.answered(Date.now())
      const body: unknown = await response.json().catch(() => null)
      return { ready: response.ok, failing: failingChecks(body) }
    },
    refetchInterval: 10_000,
    retry: false,
  })

/** Checks of the readiness answer that are not ok; anything unreadable is left out. */
function failingChecks(body: unknown): { name: string; detail: string }[] {
  if (typeof body !== 'object' || body === null || !('checks' in body) || !Array.isArray(body.checks)) return []
  return body.checks.flatMap((row: unknown) => {
    if (typeof row !== 'object' || row === null || !('name' in row) || !('ok' in row) || row.ok === true) return []
    return [{ name: String(row.name), detail: 'detail' in row ? String(row.detail) : '' }]
  })
}
