import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { pageContext } from '@/server/http/session'
import type { Context } from '@/server/services/context'

/** Whoever looks at the page; nobody signed in is sent to sign in, and comes back to where they were going. */
export async function signedIn(): Promise<Context> {
  const context = await pageContext()
  if (context) return context
  const wanted = (await headers()).get('x-path') ?? '/'
  redirect(`/sign-in?next=${encodeURIComponent(wanted)}`)
}
