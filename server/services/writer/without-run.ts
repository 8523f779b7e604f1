import { withTransaction } from '@/server/db/tx'
import { activeRunStates } from '@/server/domain/run/states'
import type { Context } from '@/server/services/context'
import type { WatchedService } from '@/server/services/observations/watched-services'

export type WriterWord = { generation: number; writerServerId: string; timeline: number; systemIdentifier: string }

/** How long a run that is about to start may be held up by the word being said; as long as the word waits for one that is starting. */
const lockTimeoutMs = 100

/**
 * Calls `say` with the control plane's word on who the writer is, while no run of the service can start: the lease row is held for share, and a
 * run takes it for update. Skipped while a run is active, while one is taking the lease, and while no writer is known.
 * `say` must be short: a starting run waits for it.
 * @returns whether it was said
 */
export async function withoutRun(
  ctx: Pick<Context, 'db'>,
  service: WatchedService,
  say: (word: WriterWord) => Promise<void>,
): Promise<boolean> {
  return withTransaction(ctx.db, async (tx) => {
    await tx.$executeRaw`SELECT set_config('lock_timeout', ${String(lockTimeoutMs)}, true)`
    const leases = await tx.$queryRaw<{ led: boolean }[]>`
      SELECT coalesce(holder IS NOT NULL AND expires_at > clock_timestamp(), false) AS led
      FROM service_lease WHERE service_id = ${service.id} FOR SHARE`
    if (leases[0]?.led !== false) return false
    const active = await tx.run.count({ where: { serviceId: service.id, state: { in: [...activeRunStates] } } })
    if (active > 0) return false
    // Read under the lock: the copy that the worker watches may be older than the run that has just ended.
    const row = await tx.service.findUnique({ where: { id: service.id } })
    if (!row?.writerServerId || row.writerTimeline === null || !row.writerSystemIdentifier) return false
    await say({
      generation: Number(row.writerGeneration),
      writerServerId: row.writerServerId,
      timeline: row.writerTimeline,
      systemIdentifier: row.writerSystemIdentifier,
    })
    return true
  }).catch((error: unknown) => {
    if (isLockTimeout(error)) return false
    throw error
  })
}

/**
 * The word while a run is at work that has itself proved this writer: a new primary that crashes before the run's end hears from this that it may go on. It is said
 * under the generation of the service's lease and without a lock: whatever begins later leads with a higher one, and a server that has obeyed that refuses this word.
 * @returns null while no run has come so far
 */
export async function wordOfRun(ctx: Pick<Context, 'db'>, service: WatchedService): Promise<WriterWord | null> {
  const [row] = await ctx.db.$queryRaw<{ server: string; timeline: number; system: string; generation: bigint }[]>`
    SELECT s.writer_server_id AS server, s.writer_timeline AS timeline, s.writer_system_identifier AS system, l.generation
    FROM service s
    JOIN service_lease l ON l.service_id = s.id
    JOIN run r ON r.service_id = s.id AND r.state = ANY(${[...activeRunStates]})
    JOIN run_step p ON p.run_id = r.id AND p.step_id = 'postgres.prove-writable' AND p.state = 'succeeded'
    WHERE s.id = ${service.id} AND p.output->>'serverId' = s.writer_server_id
      AND s.writer_timeline IS NOT NULL AND s.writer_system_identifier IS NOT NULL`
  if (!row) return null
  const { server, timeline, system, generation } = row
  return { generation: Number(generation), writerServerId: server, timeline, systemIdentifier: system }
}

/** PostgreSQL's 55P03, wherever the client library keeps it. */
function isLockTimeout(error: unknown): boolean {
  return error instanceof Error && (error.message.includes('55P03') || error.message.includes('lock timeout'))
}
