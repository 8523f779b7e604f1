import type { Tx } from '@/server/db/tx'
import type { Observation } from '@/server/domain/observation'

/**
 * One statement for the whole wave. Failures in a row are counted here, from the row that is there, so that a restarted worker goes on
 * counting; a second worker at the same vantage point that looks within half an interval sees the same failure, not another one.
 * What an agent said last stays when it no longer answers (`ok` false; its own `observedAt` tells the age): plans for a lost server are made
 * from it. Rows are taken in key order, so that two workers cannot wait for each other.
 * @returns services for which something other than a number changed: whether it is ok, or a server's role, state or fence
 */
export async function upsertObservations(tx: Tx, wave: readonly Observation[]): Promise<string[]> {
  const rows = JSON.stringify(
    wave.map((each) => ({
      service_id: each.service,
      kind: each.kind,
      subject: each.subject,
      vantage: each.vantage,
      ok: each.ok,
      failure: each.failure,
      facts: each.facts,
      interval_ms: each.intervalMs,
      observed_at: each.observedAt,
    })),
  )
  const changed = await tx.$queryRaw<{ service: string }[]>`
    WITH incoming AS (
      SELECT * FROM jsonb_to_recordset(${rows}::jsonb) AS r(
        service_id text, kind text, subject text, vantage text, ok boolean, failure text, facts jsonb,
        interval_ms int, observed_at timestamptz)
    ), before AS (
      SELECT o.* FROM observation o JOIN incoming i USING (service_id, kind, subject, vantage)
    ), written AS (
      INSERT INTO observation AS o
        (service_id, kind, subject, vantage, ok, failure, facts, interval_ms, observed_at)
      SELECT service_id, kind, subject, vantage, ok, failure, facts, interval_ms, observed_at
      FROM incoming ORDER BY service_id, kind, subject, vantage
      ON CONFLICT (service_id, kind, subject, vantage) DO UPDATE SET
        ok = excluded.ok,
        failure = excluded.failure,
        interval_ms = excluded.interval_ms,
        observed_at = excluded.observed_at,
        facts = CASE
          WHEN excluded.kind = 'agent' THEN coalesce(excluded.facts, o.facts)
          WHEN excluded.kind NOT IN ('public', 'endpoint') OR excluded.facts IS NULL THEN excluded.facts
          ELSE jsonb_set(excluded.facts, '{consecutiveFailures}', to_jsonb(CASE
            WHEN excluded.ok THEN 0
            WHEN o.ok THEN 1
            WHEN excluded.observed_at - o.observed_at < make_interval(secs => excluded.interval_ms / 2000.0)
              THEN greatest(1, coalesce((o.facts->>'consecutiveFailures')::int, 1))
            ELSE coalesce((o.facts->>'consecutiveFailures')::int, 0) + 1
          END))
        END
      WHERE o.observed_at < excluded.observed_at
      RETURNING o.service_id, o.kind, o.subject, o.vantage
    )
    SELECT DISTINCT i.service_id AS service
    FROM incoming i
    JOIN written USING (service_id, kind, subject, vantage)
    LEFT JOIN before b USING (service_id, kind, subject, vantage)
    WHERE b.service_id IS NULL
       OR b.ok IS DISTINCT FROM i.ok
       OR (b.facts->'role', b.facts->'state', b.facts->'fence', b.facts->'acceptsWrites',
           b.facts->'ready', b.facts->'answers', b.facts->'set', b.facts->'status')
          IS DISTINCT FROM
          (i.facts->'role', i.facts->'state', i.facts->'fence', i.facts->'acceptsWrites',
           i.facts->'ready', i.facts->'answers', i.facts->'set', i.facts->'status')`
  return changed.map((each) => each.service)
}
