import type { Finding } from '@/server/domain/finding'

/** A finding that stops this step before anything is done. */
export function blocker(stepId: string, code: string, message: string, remedy: string): Finding {
  return { code, severity: 'blocker', message, remedy, observedAt: null, stepId }
}
