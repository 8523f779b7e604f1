import { z } from 'zod'
import { at } from './common'

export const secondFactorView = z.object({
  /** none · begun: not confirmed yet, proves nothing · enrolled */
  state: z.enum(['none', 'begun', 'enrolled']),
  confirmedAt: at.nullable(),
  /** Asked for at each sign-in too. */
  atSignIn: z.boolean(),
  backupCodesLeft: z.int(),
})
export type SecondFactorView = z.infer<typeof secondFactorView>

export const begunFactor = z.object({ secret: z.string(), uri: z.string() })
export const backupCodes = z.object({ backupCodes: z.array(z.string()) })
const code = z.string().trim().min(1, 'type the code').max(40)
export const beginBody = z.strictObject({ password: z.string().min(1).max(256) })
export const codeBody = z.strictObject({ code })
