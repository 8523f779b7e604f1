import type { Grant } from '@/server/domain/rights'
import type { Tx } from '../tx'

/** Everything in the control database that a run's authority rests on, of one moment. Instants in lists are ISO 8601, as PostgreSQL writes them. */
export type AuthorityRow = {
  digest: string
  planDocument: unknown
  requesterId: string
  configDigest: string
  now: Date
  /** What a person has asked of the run since. */
  request: string | null
  requestReason: string | null
  /** Whether Lifeboat opened the run by itself: then it rests on more than is read here. */
  automatic: boolean
  approvals: { userId: string; digest: string; decision: string; expiresAt: string; usedAt: string | null }[]
  /** The requester and the approvers, as far as they still exist. */
  people: { id: string; disabled: boolean; grants: Grant[] }[]
}

/** One statement, read before every step: what it reads is one moment's, and it is one round trip between an outage and its end. */
export async function readAuthority(tx: Pick<Tx, '$queryRaw'>, runId: string): Promise<AuthorityRow> {
  const rows = await tx.$queryRaw<AuthorityRow[]>`
    SELECT run.digest, plan.document AS "planDocument", run.requester_id AS "requesterId",
           service.config_digest AS "configDigest", clock_timestamp() AS now,
           run.request, run.request_reason AS "requestReason",
           EXISTS (SELECT FROM automatic_action WHERE run_id = run.id) AS automatic,
           (SELECT coalesce(jsonb_agg(jsonb_build_object(
                     'userId', given.user_id, 'digest', given.digest, 'decision', given.decision,
                     'expiresAt', given.expires_at, 'usedAt', given.used_at)), '[]')
              FROM approval AS given WHERE given.run_id = run.id) AS approvals,
           (SELECT coalesce(jsonb_agg(jsonb_build_object(
                     'id', person.id, 'disabled', person.disabled_at IS NOT NULL,
                     'grants', (SELECT coalesce(jsonb_agg(jsonb_build_object('role', role, 'service', service)), '[]')
                                  FROM role_grant WHERE user_id = person.id))), '[]')
              FROM "user" AS person
             WHERE person.id = run.requester_id
                OR person.id IN (SELECT user_id FROM approval WHERE run_id = run.id)) AS people
      FROM run
      JOIN plan ON plan.id = run.plan_id
      JOIN service ON service.id = run.service_id
     WHERE run.id = ${runId}`
  const row = rows[0]
  if (!row) throw new Error(`Run ${runId} is no longer in the control database`)
  return row
}
