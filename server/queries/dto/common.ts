import { z } from 'zod'

/** Shared pieces of what pages and API users read. Times are ISO 8601 in UTC; units stand last in names. */
export const at = z.iso.datetime()

/** ok · degraded · down · unknown (never learnt) · stale (learnt too long ago) · paused. `unknown` outranks `ok`. */
export const health = z.enum(['ok', 'degraded', 'down', 'unknown', 'stale', 'paused'])
export type Health = z.infer<typeof health>

/** A figure with its age: `value` null means unknown, and `health` says why it cannot be trusted. */
export const measured = z.object({
  value: z.number().nullable(),
  observedAt: at.nullable(),
  health,
  note: z.string().nullable(),
})
export type Measured = z.infer<typeof measured>

export const page = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() })

/** RFC 9457, with what did not happen and the next safe step. */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string().optional(),
  code: z.string(),
  /** What did not happen, in a sentence. */
  notDone: z.string(),
  nextStep: z.string(),
  reference: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
})
export type Problem = z.infer<typeof problem>

/** Whether a button may be pressed, and why not: the same rule that the verb enforces. */
export const capability = z.object({ allowed: z.boolean(), reason: z.string().nullable() })
export type Capability = z.infer<typeof capability>
