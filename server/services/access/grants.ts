import type { Db } from '@/server/db/client'
import { type Grant, roles } from '@/server/domain/rights'

/** A user's grants, null when there is no such user or the account is disabled. A role that is not known gives nothing. */
export async function grantsOf(db: Db, userId: string): Promise<Grant[] | null> {
  const user = await db.user.findUnique({ where: { id: userId }, include: { grants: true } })
  if (!user || user.disabledAt) return null
  return parseGrants(user.grants)
}

export function parseGrants(rows: readonly { role: string; service: string }[]): Grant[] {
  return rows.flatMap((row) => {
    const role = roles.find((each) => each === row.role)
    return role ? [{ role, service: row.service }] : []
  })
}
