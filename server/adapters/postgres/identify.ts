import type { PostgresServer } from '@/server/ports/managed'
import type { Session } from './session'

type Identity = Awaited<ReturnType<PostgresServer['identify']>>

/**
 * One statement, so that identity and role are of one moment. A primary's timeline is in the name of the WAL file it writes: its control file goes on saying
 * the old one until the first checkpoint after a promotion. A standby's is the newest that it has a record of: without a receiver, and before its first
 * restart point on a new timeline, only the names of the WAL that it received say so.
 */
const identityQuery = `
  SELECT system.system_identifier::text AS "systemIdentifier",
         role.recovery AS "inRecovery",
         CASE WHEN role.recovery THEN NULL ELSE pg_walfile_name(pg_current_wal_lsn()) END AS "walFile",
         greatest(checkpoint.timeline_id, recovery.min_recovery_end_timeline,
                  (SELECT received_tli FROM pg_stat_wal_receiver),
                  (SELECT max(('x' || left(name, 8))::bit(32)::int) FROM pg_ls_waldir()
                    WHERE role.recovery AND name ~ '^[0-9A-F]{24}$')) AS "standbyTimeline",
         CASE WHEN role.recovery THEN NULL ELSE pg_current_wal_lsn()::text END AS "currentLsn",
         CASE WHEN role.recovery THEN pg_last_wal_receive_lsn()::text END AS "receivedLsn",
         CASE WHEN role.recovery THEN pg_last_wal_replay_lsn()::text END AS "replayedLsn"
    FROM pg_control_system() AS system, pg_control_checkpoint() AS checkpoint, pg_control_recovery() AS recovery,
         (SELECT pg_is_in_recovery() AS recovery) AS role`

type Row = Omit<Identity, 'timeline'> & { walFile: string | null; standbyTimeline: number }

export async function identify({ query }: Session): Promise<Identity> {
  const [row] = await query<Row>(identityQuery)
  if (!row) throw new Error('the identity query returned no row')
  const { walFile, standbyTimeline, ...identity } = row
  return { ...identity, timeline: walFile === null ? standbyTimeline : Number.parseInt(walFile.slice(0, 8), 16) }
}
