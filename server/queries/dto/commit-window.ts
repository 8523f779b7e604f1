import { z } from 'zod'
import { commitWindowStates } from '@/server/domain/commit-window'
import { at, capability } from './common'

export const commitWindowView = z.object({
  service: z.string(),
  /** The newest failover's; null when the service has had none. */
  window: z
    .object({
      runId: z.string(),
      state: z.enum(commitWindowStates),
      fencedServerId: z.string(),
      fencedRegion: z.string(),
      writerServerId: z.string(),
      openedAt: at,
      endsAt: at,
      decidedBy: z.string().nullable(),
      decidedAt: at.nullable(),
      reason: z.string().nullable(),
      /** What going back would lose now; null figures are not known, which is not zero. */
      goingBack: z.object({
        bytes: z.number().nullable(),
        seconds: z.number().nullable(),
        rows: z.number().nullable(),
        observedAt: at.nullable(),
        stale: z.boolean(),
        words: z.string(),
      }),
      can: z.object({ commit: capability }),
    })
    .nullable(),
  observedAt: at,
})
export type CommitWindowView = z.infer<typeof commitWindowView>

export const commitBody = z.object({
  runId: z.string().min(1).max(100),
  reason: z.string().trim().min(3, 'say why, in a few words').max(1000),
})
