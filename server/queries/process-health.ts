import type { Db } from '@/server/db/client'

export type WorkerAge = { id: string; vantage: string; ageMs: number }

/** How long ago each worker last wrote, measured by the database's own clock. Workers gone for more than a day are left out. */
export async function workerAges(db: Db): Promise<WorkerAge[]> {
  return db.$queryRaw<WorkerAge[]>`
    SELECT id, vantage, (extract(epoch FROM clock_timestamp() - seen_at) * 1000)::float8 AS "ageMs"
    FROM process_heartbeat WHERE kind = 'worker' AND seen_at > clock_timestamp() - interval '1 day'
    ORDER BY vantage, id`
}

/** Runs by state: all that are open, and those that ended within a day. */
export async function runsByState(db: Db): Promise<{ service: string; state: string; count: number }[]> {
  return db.$queryRaw<{ service: string; state: string; count: number }[]>`
    SELECT service_id AS service, state, count(*)::int AS count FROM run
    WHERE ended_at IS NULL OR ended_at > clock_timestamp() - interval '1 day'
    GROUP BY 1, 2`
}
