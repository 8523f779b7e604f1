import { z } from 'zod'

/** Inputs of a failover. Unknown ones are refused: a typo must not become a different run. */
export const failoverInputs = z.strictObject({
  /** Asks "what if it died now"; for previews only. */
  assume: z.literal('primary-lost').optional(),
  /** Codes of the blockers that break-glass overrides, by name. */
  breakGlass: z.array(z.string().max(100)).max(10).optional(),
})
