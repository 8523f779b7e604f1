import type { Json } from '@/server/domain/json'
import type { Tx } from '../tx'

/** A run as the executor takes it up, not yet parsed: its plan, its service's configuration, and what its journal says of each step. */
export type RunToLead = {
  serviceId: string
  state: string
  direction: string
  request: string | null
  requestReason: string | null
  stateReason: string | null
  planDocument: unknown
  config: unknown
  steps: { key: string; state: string; attempts: number; deadlineAt: string | null; output: Json; error: Json }[]
}

/** One statement, so that plan, configuration and journal are of one moment. null when there is no such run. */
export async function readRunToLead(tx: Pick<Tx, '$queryRaw'>, runId: string): Promise<RunToLead | null> {
  const rows = await tx.$queryRaw<RunToLead[]>`
    SELECT run.service_id AS "serviceId", run.state, run.direction, run.request, run.request_reason AS "requestReason",
           run.state_reason AS "stateReason", plan.document AS "planDocument", service.config,
           (SELECT coalesce(jsonb_agg(jsonb_build_object(
                     'key', step.key, 'state', step.state, 'attempts', step.attempts, 'deadlineAt', step.deadline_at,
                     'output', step.output, 'error', step.error)), '[]')
              FROM run_step AS step WHERE step.run_id = run.id) AS steps
      FROM run
      JOIN plan ON plan.id = run.plan_id
      JOIN service ON service.id = run.service_id
     WHERE run.id = ${runId}`
  return rows[0] ?? null
}
