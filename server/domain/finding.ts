import { z } from 'zod'

/** What is wrong, said once: `blocker` stops a plan from running, `warning` is shown before anyone approves, `info` explains. */
export const finding = z.object({
  code: z.string().regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/),
  severity: z.enum(['blocker', 'warning', 'info']),
  /** One sentence: what is so. */
  message: z.string(),
  /** What makes it go away, in words for an operator. */
  remedy: z.string(),
  /** When the fact behind it was observed; null for facts of configuration. */
  observedAt: z.string().nullable(),
  /** Which step a run would stop at, when that is known. */
  stepId: z.string().nullable(),
})
export type Finding = z.infer<typeof finding>

export function blockers(findings: readonly Finding[]): Finding[] {
  return findings.filter((each) => each.severity === 'blocker')
}
