import { createHash } from 'node:crypto'
import { appendAudit } from '@/server/db/audit'
import { type Tx, withTransaction } from '@/server/db/tx'
import { failuresAfter, lockedUntil, normalCode } from '@/server/domain/second-factor'
import type { Context } from '../context'
import type { ServiceError } from '../errors'
import { codeMissing, codeWrong, locked, noneEnrolled } from './refusals'

type Asking = Pick<Context, 'db' | 'clock' | 'actor' | 'secondFactor'>
type Factor = NonNullable<Awaited<ReturnType<typeof lockFactor>>>
/** What the code is for, in the words of the audit trail: `break-glass`, `sign-in`. */
type Purpose = 'break-glass' | 'sign-in' | 'removal'

export const backupHash = (code: string): string => createHash('sha256').update(code).digest('hex')

/**
 * Uses up one code of the caller's second factor. It is spent even if what it was for is then refused: a code that was seen once must never count again.
 * The code itself is written nowhere.
 * @throws ServiceError second-factor-needed, second-factor-wrong, rate-limited
 */
export async function proveSecondFactor(ctx: Asking, typed: string | null, purpose: Purpose): Promise<void> {
  const refused = await withTransaction(ctx.db, async (tx) => {
    const factor = await lockFactor(tx, ctx.actor.id)
    if (!factor?.confirmedAt || !ctx.secondFactor) return noneEnrolled()
    if (typed === null || typed.trim() === '') return codeMissing()
    const nowMs = ctx.clock.now()
    const until = lockedUntil(factor, nowMs)
    if (until !== null) return locked((until - nowMs) / 1000)
    return use(ctx, tx, factor, typed, purpose)
  })
  if (refused) throw refused
}

/** One row a person, locked: two requests with the same code come one after the other, and the second finds it used. */
export async function lockFactor(tx: Tx, userId: string) {
  await tx.$queryRaw`SELECT 1 FROM second_factor WHERE user_id = ${userId} FOR UPDATE`
  return tx.secondFactor.findUnique({ where: { userId } })
}

async function use(ctx: Asking, tx: Tx, factor: Factor, typed: string, purpose: Purpose): Promise<ServiceError | null> {
  const spent = spending(ctx, factor, typed)
  const at = new Date(ctx.clock.now())
  if (!spent) {
    const failures = failuresAfter(factor, at.getTime())
    await tx.secondFactor.update({ where: { userId: factor.userId }, data: { failures, failedAt: at } })
    return codeWrong()
  }
  await tx.secondFactor.update({
    where: { userId: factor.userId },
    data: { ...spent.data, failures: 0, failedAt: null },
  })
  await appendAudit(tx, {
    at,
    actor: ctx.actor,
    action: 'second-factor.use',
    subject: `user/${factor.userId}`,
    serviceId: null,
    runId: null,
    outcome: 'ok',
    data: { purpose, kind: spent.kind },
  })
  return null
}

type Spent = { kind: 'totp' | 'backup'; data: { lastUsedStep: number } | { backupHashes: string[] } }

/** Which code it is and what using it changes; null for one that is wrong or was used. */
export function spending(ctx: Pick<Asking, 'clock' | 'secondFactor'>, factor: Factor, typed: string): Spent | null {
  const given = normalCode(typed)
  if (!given || !ctx.secondFactor) return null
  if (given.kind === 'backup') {
    const hash = backupHash(given.code)
    if (!factor.backupHashes.includes(hash)) return null
    return { kind: 'backup', data: { backupHashes: factor.backupHashes.filter((each) => each !== hash) } }
  }
  const secret = ctx.secondFactor.open(factor.userId, factor.sealedSecret)
  const step = ctx.secondFactor.stepOf(secret, given.code, ctx.clock.now())
  return step === null || step <= factor.lastUsedStep ? null : { kind: 'totp', data: { lastUsedStep: step } }
}
