import { headers } from 'next/headers'
import type { Context } from '@/server/services/context'
import { consoleWiring } from '@/server/wiring'
import { authenticate, contextFor } from './authenticate'

/** Who looks at a page, for server components; null when nobody is signed in. The session is not prolonged by a page alone. */
export async function pageContext(): Promise<Context | null> {
  const wiring = consoleWiring()
  const caller = await authenticate(wiring, new Headers(await headers()), false)
  return caller ? contextFor(wiring, caller) : null
}
