import { z } from 'zod'

/** Who did it, as the audit trail keeps it. */
export const actor = z.discriminatedUnion('type', [
  z.object({ type: z.literal('user'), id: z.string(), email: z.string(), via: z.enum(['session', 'token']) }),
  z.object({ type: z.literal('worker'), id: z.string(), vantage: z.string() }),
  z.object({ type: z.literal('system'), id: z.string() }),
])
export type Actor = z.infer<typeof actor>

export function actorName(who: Actor): string {
  return who.type === 'user' ? who.email : who.id
}
