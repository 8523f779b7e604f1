import { appendAudit } from '@/server/db/audit'
import type { Db } from '@/server/db/client'
import { withTransaction } from '@/server/db/tx'
import type { Actor } from '@/server/domain/actor'
import type { Clock } from '@/server/ports/clock'
import type { SecondFactor } from '@/server/ports/second-factor'
import { ServiceError } from '../errors'
import { proveSecondFactor } from '../second-factor/prove'

type Deps = { db: Db; clock: Clock; secondFactor: SecondFactor }
type Asking = {
  userId: string
  /** Of the second factor; null where none was sent. */
  code: string | null
  /** False where a session takes another's place. */
  signingIn: boolean
}
type Admission = 'admitted' | 'disabled' | 'code-needed' | 'code-wrong' | 'locked'

const reasons: Record<Exclude<Admission, 'admitted'>, string> = {
  disabled: 'the account is disabled',
  'code-needed': 'no code of the second factor was sent',
  'code-wrong': 'the code of the second factor was wrong',
  locked: 'too many wrong codes of the second factor',
}

/** Whether a user whose password was right may have a session; written down either way. If that cannot be written, there is none. */
export async function admitSession(deps: Deps, asking: Asking): Promise<Admission> {
  const user = await deps.db.user.findUnique({ where: { id: asking.userId } })
  if (!user) return 'disabled'
  const actor: Actor = { type: 'user', id: user.id, email: user.email, via: 'session' }
  const admission = user.disabledAt !== null ? 'disabled' : await secondFactorOf(deps, actor, asking)
  await withTransaction(deps.db, (tx) =>
    appendAudit(tx, {
      at: new Date(deps.clock.now()),
      actor,
      action: 'session.start',
      subject: `user/${user.id}`,
      serviceId: null,
      runId: null,
      outcome: admission === 'admitted' ? 'allow' : 'deny',
      data: admission === 'admitted' ? {} : { reason: reasons[admission] },
    }),
  )
  return admission
}

/** Only who has enrolled for signing in is asked. */
async function secondFactorOf(deps: Deps, actor: Actor, { code, signingIn }: Asking): Promise<Admission> {
  if (!signingIn) return 'admitted'
  const factor = await deps.db.secondFactor.findUnique({ where: { userId: actor.id } })
  if (!factor?.confirmedAt || !factor.atSignIn) return 'admitted'
  try {
    await proveSecondFactor({ ...deps, actor }, code, 'sign-in')
    return 'admitted'
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    if (error.code === 'rate-limited') return 'locked'
    return error.code === 'second-factor-wrong' ? 'code-wrong' : 'code-needed'
  }
}
