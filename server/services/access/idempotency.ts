import { digestOf, type Json, toJson } from '@/server/domain/json'
import type { Context } from '../context'
import { ServiceError } from '../errors'

type Answer = { status: number; body: Json }
type Claim = { key: string; operation: string; request: unknown }
type Claimed = { state: 'mine' } | { state: 'answered'; answer: Answer } | { state: 'other-request' }

/** The status of a claim whose answer is not there yet: no answer has it. */
const pending = 0

/**
 * Claims a caller's key before the verb runs. `mine`: go on, then `settle` or `release`. `answered`: the same request was answered before.
 * @throws ServiceError conflict while the outcome of the first request is not known: doing it again is the one thing that must not happen
 */
export async function claimKey(context: Context, claim: Claim): Promise<Claimed> {
  const { db, actor } = context
  const bodyDigest = digestOf(toJson(claim.request))
  const made = await db.idempotencyKey.createMany({
    data: {
      userId: actor.id,
      key: claim.key,
      operation: claim.operation,
      bodyDigest,
      status: pending,
      body: {},
      createdAt: new Date(context.clock.now()),
    },
    skipDuplicates: true,
  })
  if (made.count === 1) return { state: 'mine' }
  const row = await db.idempotencyKey.findUnique({ where: { userId_key: { userId: actor.id, key: claim.key } } })
  if (row && (row.operation !== claim.operation || row.bodyDigest !== bodyDigest)) return { state: 'other-request' }
  if (row && row.status !== pending) {
    return { state: 'answered', answer: { status: row.status, body: toJson(row.body) } }
  }
  throw new ServiceError(
    'conflict',
    'A request with this Idempotency-Key has begun, and its outcome is not known.',
    'It was not done a second time.',
    'Ask again in a moment. If that does not help, look whether it took effect; only then use a new key.',
  )
}

/** Keeps the answer for whoever asks again with this key. */
export async function settleKey(context: Context, key: string, answer: Answer): Promise<void> {
  await context.db.idempotencyKey.updateMany({
    where: { userId: context.actor.id, key, status: pending },
    data: { status: answer.status, body: answer.body ?? {} },
  })
}

/** The verb refused, so nothing was done: the key may be used again. */
export async function releaseKey(context: Context, key: string): Promise<void> {
  await context.db.idempotencyKey.deleteMany({ where: { userId: context.actor.id, key, status: pending } })
}
