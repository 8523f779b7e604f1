import type { Actor } from '@/server/domain/actor'
import type { Grant } from '@/server/domain/rights'
import { authenticateToken } from '@/server/services/access/authenticate-token'
import { grantsOf } from '@/server/services/access/grants'
import type { Context } from '@/server/services/context'
import type { ConsoleWiring } from '@/server/wiring'

export type Caller = {
  actor: Actor
  grants: readonly Grant[]
  /** The cookie was used: the request may have been made by another site's page. */
  byCookie: boolean
  /** Cookies to set on the answer. */
  cookies: string[]
}

/**
 * Who asks. A bearer token, if there is one, decides alone: a wrong one never falls back to the cookie.
 * @param prolong whether an answer will carry cookies, so that the session may be prolonged
 */
export async function authenticate(wiring: ConsoleWiring, headers: Headers, prolong: boolean): Promise<Caller | null> {
  const authorization = headers.get('authorization')
  if (authorization !== null) {
    const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? ''
    const found = await authenticateToken(wiring.db, token, wiring.clock.now())
    return found ? { ...found, byCookie: false, cookies: [] } : null
  }
  if (!headers.has('cookie')) return null
  const session = await wiring.signIn.session(headers, prolong)
  if (!session) return null
  const grants = await grantsOf(wiring.db, session.who.userId)
  if (!grants) return null
  const actor: Actor = { type: 'user', id: session.who.userId, email: session.who.email, via: 'session' }
  return { actor, grants, byCookie: true, cookies: session.cookies }
}

export function contextFor(wiring: ConsoleWiring, caller: Pick<Caller, 'actor' | 'grants'>): Context {
  const { db, clock, describeStep, runs, secondFactor } = wiring
  const { actor, grants } = caller
  return { db, clock, describeStep, actor, grants, enqueueRun: runs.enqueueRun, secondFactor }
}
