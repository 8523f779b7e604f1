import { appendAudit } from '@/server/db/audit'
import { withTransaction } from '@/server/db/tx'
import { toJson } from '@/server/domain/json'
import type { Context } from './context'
import { ServiceError, type ServiceErrorCode } from './errors'

export type Attempt = {
  /** The audit action that was tried: `run.approve`. */
  action: string
  subject: string
  serviceId: string | null
  runId: string | null
}

/** Refusals that say something about who tried what. Malformed input and unknown names do not. */
const worthKeeping: readonly ServiceErrorCode[] = [
  'forbidden',
  'own-request',
  'second-factor-needed',
  'second-factor-wrong',
  'rate-limited',
  'stale-digest',
  'expired',
  'wrong-state',
  'conflict',
  'not-runnable',
]

/**
 * Runs a verb, and writes a refusal down in a transaction of its own, since the verb's was rolled back. The refusal is thrown on either way.
 */
export async function auditedAttempt<T>(
  ctx: Pick<Context, 'db' | 'clock' | 'actor'>,
  attempt: Attempt,
  verb: () => Promise<T>,
): Promise<T> {
  try {
    return await verb()
  } catch (error) {
    if (error instanceof ServiceError && worthKeeping.includes(error.code)) {
      await withTransaction(ctx.db, (tx) =>
        appendAudit(tx, {
          ...attempt,
          at: new Date(ctx.clock.now()),
          actor: ctx.actor,
          outcome: 'deny',
          data: { code: error.code, reason: error.message, findings: toJson(error.errors) },
        }),
      )
    }
    throw error
  }
}
