import type { Db } from '@/server/db/client'
import type { Actor } from '@/server/domain/actor'
import { hashApiToken, isApiToken } from '@/server/domain/api-token'
import { type Grant, rights } from '@/server/domain/rights'
import { parseGrants } from './grants'

/** Precise enough to find tokens that nobody uses, rare enough not to write on every request. */
const lastUsedStepMs = 60_000

/** Whom a bearer token stands for; null when it is unknown, expired, revoked, or its owner is disabled: the four look alike. */
export async function authenticateToken(
  db: Db,
  token: string,
  nowMs: number,
): Promise<{ actor: Actor; grants: Grant[] } | null> {
  if (!isApiToken(token)) return null
  const row = await db.apiToken.findUnique({
    where: { hash: hashApiToken(token) },
    include: { user: { include: { grants: true } } },
  })
  if (!row || row.revokedAt || row.expiresAt.getTime() <= nowMs || row.user.disabledAt) return null
  if (nowMs - (row.lastUsedAt?.getTime() ?? 0) > lastUsedStepMs) {
    await db.apiToken.updateMany({ where: { id: row.id }, data: { lastUsedAt: new Date(nowMs) } })
  }
  const only = rights.filter((right) => row.rights.includes(right))
  const grants = parseGrants(row.user.grants)
  return {
    actor: { type: 'user', id: row.userId, email: row.user.email, via: 'token' },
    grants: row.rights.length > 0 ? grants.map((grant) => ({ ...grant, only })) : grants,
  }
}
