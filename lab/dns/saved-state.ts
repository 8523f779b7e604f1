import { z } from 'zod'
import { healthCheckConfig, recordConfig } from '@/lab/dns/config'

/** What the state file holds. */
export const savedState = z.object({
  zone: z.object({
    records: z.array(recordConfig),
    served: z.array(recordConfig),
    pending: z.array(z.object({ changeId: z.string(), dueAt: z.number(), records: z.array(recordConfig) })),
    changes: z.array(
      z.object({ id: z.string(), status: z.enum(['PENDING', 'INSYNC']), submittedAt: z.string(), comment: z.string() }),
    ),
  }),
  health: z.object({
    checks: z.array(healthCheckConfig.extend({ callerReference: z.string(), version: z.int() })),
    verdicts: z.record(z.string(), z.array(z.boolean().nullable())),
  }),
})

export type SavedState = z.infer<typeof savedState>
