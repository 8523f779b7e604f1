import { appendAudit } from '@/server/db/audit'
import type { Db } from '@/server/db/client'
import { withTransaction } from '@/server/db/tx'
import type { Clock } from '@/server/ports/clock'

/** Whether a user whose password was right may have a session; written down either way. If that cannot be written, there is none. */
export async function admitSession(db: Db, clock: Clock, userId: string): Promise<boolean> {
  return withTransaction(db, async (tx) => {
    const user = await tx.user.findUnique({ where: { id: userId } })
    if (!user) return false
    const admitted = user.disabledAt === null
    await appendAudit(tx, {
      at: new Date(clock.now()),
      actor: { type: 'user', id: user.id, email: user.email, via: 'session' },
      action: 'session.start',
      subject: `user/${user.id}`,
      serviceId: null,
      runId: null,
      outcome: admitted ? 'allow' : 'deny',
      data: admitted ? {} : { reason: 'the account is disabled' },
    })
    return admitted
  })
}
