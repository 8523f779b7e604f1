import { z } from 'zod'
import { reviewStates, reviewVerdicts } from '@/server/domain/break-glass-review'
import { runStates } from '@/server/domain/run/states'
import { at, capability } from './common'

export const breakGlassView = z.object({
  runId: z.string(),
  service: z.string(),
  serviceName: z.string(),
  runState: z.enum(runStates),
  summary: z.string(),
  /** The rules that it overrides, by name, with what is risked. */
  rules: z.array(z.object({ code: z.string(), risk: z.string() })),
  requester: z.string(),
  reason: z.string(),
  requestedAt: at,
  timeBox: z.object({ minutes: z.int(), notAfter: at }).nullable(),
  review: z.object({
    state: z.enum(reviewStates),
    dueAt: at,
    reviewer: z.string().nullable(),
    reviewedAt: at.nullable(),
    verdict: z.enum(reviewVerdicts).nullable(),
    findings: z.string().nullable(),
  }),
  can: z.object({ review: capability }),
})
export type BreakGlassView = z.infer<typeof breakGlassView>

export const reviewBody = z.object({
  verdict: z.enum(reviewVerdicts),
  findings: z.string().trim().min(10, 'say what was found, in a sentence').max(4000),
})
