import { z } from 'zod'
import { finding } from '@/server/domain/finding'
import { at } from './common'

const status = z.enum(['ready', 'not-ready', 'unknown'])

export const readinessView = z.object({
  service: z.string(),
  status,
  sentence: z.string(),
  /** `since`: since when it has been found without a break in judging; null when it was never written down. */
  findings: z.array(finding.extend({ since: at.nullable() })),
  expected: z.object({ rtoSeconds: z.object({ low: z.number(), high: z.number() }), loss: z.string() }).nullable(),
  arithmetic: z.object({
    parts: z.array(
      z.object({
        part: z.string(),
        label: z.string(),
        /** null: nobody can promise it, and it is not in the sum. */
        seconds: z.number().nullable(),
        source: z.enum(['configured', 'measured', 'default']),
        how: z.string(),
      }),
    ),
    totalSeconds: z.number(),
    objectiveSeconds: z.number(),
    withinObjective: z.boolean(),
  }),
  evaluatedAt: at,
  /** When the answer changed, oldest first; what was not judged for longer than ten minutes is unknown. */
  history: z.array(z.object({ at, status, sentence: z.string() })),
})
export type ReadinessView = z.infer<typeof readinessView>
