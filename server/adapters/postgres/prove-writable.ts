import { Terminal, Unreachable } from '@/server/ports/errors'
import { type PostgresTarget, withSession } from './session'

/** A commit takes milliseconds; one that needs this long waits for a standby that does not answer. */
const commitTimeoutMs = 3_000
const readTimeoutMs = 3_000

/** With the session's own settings: a commit that would hang for users has to hang here too. */
const writeQuery = 'INSERT INTO lifeboat.probe (note) VALUES ($1) RETURNING id::text AS id'

const readQuery = `
  SELECT pg_current_wal_lsn()::text AS lsn, pg_walfile_name(pg_current_wal_lsn()) AS "walFile",
         EXISTS (SELECT FROM lifeboat.probe WHERE id = $1::bigint) AS found`

/** Commits in one session and reads back in a second: the proof that a client's write would be there for the next client. */
export async function proveWritable(
  target: PostgresTarget,
  note: string,
): Promise<{ lsn: string; timeline: number; tookMs: number }> {
  const system = `postgres ${target.serverId}`
  const startedAt = performance.now()
  const id = await commitProbe(target, note)
  const tookMs = performance.now() - startedAt
  return withSession(target, readTimeoutMs, async ({ query }) => {
    const [row] = await query<{ lsn: string; walFile: string; found: boolean }>(readQuery, [id])
    if (!row?.found) throw new Terminal(system, `${system} took a write, and a second session does not see it`)
    return { lsn: row.lsn, timeline: Number.parseInt(row.walFile.slice(0, 8), 16), tookMs }
  })
}

async function commitProbe(target: PostgresTarget, note: string): Promise<string> {
  try {
    return await withSession(target, commitTimeoutMs, async ({ query }) => {
      const [row] = await query<{ id: string }>(writeQuery, [note])
      if (!row) throw new Error('the insert returned no row')
      return row.id
    })
  } catch (error) {
    if (error instanceof Unreachable) await explainHangingCommit(target, error)
    throw error
  }
}

/** A server that answers but does not commit waits for a synchronous standby; said in words, since the cure is a setting. */
async function explainHangingCommit(target: PostgresTarget, cause: Unreachable): Promise<void> {
  const names = await withSession(target, readTimeoutMs, async ({ query }) => {
    const rows = await query<{ names: string }>(
      `SELECT current_setting('synchronous_standby_names') AS names
        WHERE EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'lifeboat' AND wait_event = 'SyncRep')`,
    )
    return rows[0]?.names ?? ''
  }).catch(() => '')
  if (names === '') return
  const system = `postgres ${target.serverId}`
  const message = `${system} does not finish a commit: it waits for a synchronous standby (synchronous_standby_names = '${names}')`
  throw new Terminal(system, message, { cause })
}
