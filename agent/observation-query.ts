import { z } from 'zod'
import { replicationRow } from '@/server/domain/agent-protocol'

/**
 * One statement, so that all facts are of one moment and one round trip. Timelines: on a primary from the name of the current WAL file; a standby without a
 * receiver, before its first restart point on a new timeline, shows it only in the names of the WAL that it received.
 */
export const observationSql = `
select json_build_object(
  'inRecovery', pg_is_in_recovery(),
  'version', current_setting('server_version'),
  'timeline', case when pg_is_in_recovery() then greatest(
      (select timeline_id from pg_control_checkpoint()),
      (select min_recovery_end_timeline from pg_control_recovery()),
      (select received_tli from pg_stat_wal_receiver),
      (select max(('x' || left(name, 8))::bit(32)::int) from pg_ls_waldir() where name ~ '^[0-9A-F]{24}$'))
    else ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int end,
  'currentLsn', case when pg_is_in_recovery() then null else pg_current_wal_lsn() end,
  'receivedLsn', case when pg_is_in_recovery() then pg_last_wal_receive_lsn() end,
  'replayedLsn', case when pg_is_in_recovery() then pg_last_wal_replay_lsn() end,
  'replayPaused', case when pg_is_in_recovery() then pg_get_wal_replay_pause_state() <> 'not paused' end,
  'lastReplayedXactAt', case when pg_is_in_recovery() then pg_last_xact_replay_timestamp() end,
  'receiver', (select json_build_object(
      'status', coalesce(status, 'unknown'), 'senderHost', sender_host, 'senderPort', sender_port,
      'lastMessageAt', last_msg_receipt_time, 'latestEndLsn', latest_end_lsn)
    from pg_stat_wal_receiver),
  'replication', (select coalesce(json_agg(json_build_object(
      'applicationName', r.application_name, 'clientAddress', host(r.client_addr), 'state', coalesce(r.state, 'unknown'),
      'syncState', coalesce(r.sync_state, 'unknown'), 'slotName', s.slot_name, 'sentLsn', r.sent_lsn,
      'writtenLsn', r.write_lsn, 'flushedLsn', r.flush_lsn, 'replayedLsn', r.replay_lsn, 'lastReplyAt', r.reply_time)
      order by r.application_name, r.pid), '[]')
    from pg_stat_replication r left join pg_replication_slots s on s.active_pid = r.pid),
  'slots', (select coalesce(json_agg(json_build_object(
      'name', slot_name, 'active', active, 'restartLsn', restart_lsn, 'walStatus', wal_status) order by slot_name), '[]')
    from pg_replication_slots),
  'changes', case when not pg_is_in_recovery() then json_build_object(
    'since', (select stats_reset::text from pg_stat_database where datname = current_database()),
    'tables', (select coalesce(json_agg(json_build_object('table', t.name, 'changed', t.changed)), '[]') from (
      select schemaname || '.' || relname as name, n_tup_upd + n_tup_del as changed from pg_stat_user_tables
       where schemaname <> 'lifeboat' order by n_tup_upd + n_tup_del + n_tup_ins desc limit 200) t)) end,
  'heartbeat', (select json_build_object('at', at, 'lsn', lsn, 'serverId', server_id)
    from lifeboat.heartbeat order by lsn desc limit 1)
) as facts`

/** PostgreSQL writes an offset where the wire wants UTC. */
const time = z.string().transform((text, context) => {
  const at = new Date(text)
  if (!Number.isNaN(at.getTime())) return at.toISOString()
  context.addIssue({ code: 'custom', message: 'not a time' })
  return z.NEVER
})

const facts = z.object({
  inRecovery: z.boolean(),
  version: z.string(),
  timeline: z.int(),
  currentLsn: z.string().nullable(),
  receivedLsn: z.string().nullable(),
  replayedLsn: z.string().nullable(),
  replayPaused: z.boolean().nullable(),
  lastReplayedXactAt: time.nullable(),
  receiver: z
    .object({
      status: z.string(),
      senderHost: z.string().nullable(),
      senderPort: z.int().nullable(),
      lastMessageAt: time.nullable(),
      latestEndLsn: z.string().nullable(),
    })
    .nullable(),
  replication: z.array(replicationRow.extend({ lastReplyAt: time.nullable() })),
  slots: z.array(
    z.object({
      name: z.string(),
      active: z.boolean(),
      restartLsn: z.string().nullable(),
      walStatus: z.string().nullable(),
    }),
  ),
  changes: z
    .object({
      since: z.string().nullable(),
      tables: z.array(z.object({ table: z.string(), changed: z.number().min(0) })),
    })
    .nullable(),
  heartbeat: z.object({ at: time, lsn: z.string(), serverId: z.string() }).nullable(),
})

export type SqlFacts = z.infer<typeof facts>

const factRows = z.tuple([z.object({ facts })])

export function parseFacts(rows: unknown): SqlFacts {
  return factRows.parse(rows)[0].facts
}
