import type pg from 'pg'
import type { Logger } from 'pino'

/** Any number that all instances share: one migrates, the others wait and find it done. */
const migrationLock = 7_263_041

const statements = [
  'create table if not exists links (id bigint primary key, code text not null unique, url text not null, created_at timestamptz not null default now(), region text not null)',
  'create table if not exists link_hits (code text primary key, hits bigint not null default 0, last_hit_at timestamptz)',
]

/** Makes the tables if they are missing. A database that cannot be written is left as it is: it gets them from its primary. */
export async function migrate(writer: pg.Pool): Promise<'done' | 'present' | 'read-only'> {
  const state = await writer.query<{ present: boolean; readOnly: boolean }>(
    `select to_regclass('links') is not null and to_regclass('link_hits') is not null as present,
            pg_is_in_recovery() or current_setting('transaction_read_only') = 'on' as "readOnly"`,
  )
  if (state.rows[0]?.present) return 'present'
  if (state.rows[0]?.readOnly) return 'read-only'
  const client = await writer.connect()
  try {
    await client.query('begin')
    await client.query('select pg_advisory_xact_lock($1)', [migrationLock])
    for (const statement of statements) await client.query(statement)
    await client.query('commit')
    client.release()
    return 'done'
  } catch (error) {
    client.release(true)
    throw error
  }
}

/** Tries until the tables are there; an instance serves meanwhile as well as it can. @returns how to stop trying */
export function migrateInBackground(writer: pg.Pool, logger: Logger): () => void {
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  const attempt = async () => {
    const outcome = await migrate(writer).catch((error: unknown) => {
      logger.warn({ reason: error instanceof Error ? error.message : String(error) }, 'tables not checked yet')
      return 'failed' as const
    })
    if (outcome === 'done' || outcome === 'present') logger.info({ outcome }, 'tables are there')
    else if (!stopped) timer = setTimeout(() => void attempt(), 1_000)
  }
  void attempt()
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}
