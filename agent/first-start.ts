import { randomBytes } from 'node:crypto'
import { chown, mkdir, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { failed } from './agent-error'
import { guardedStart } from './boot'
import { DataDirectory } from './data-directory'
import { syncDirectory, writeDurably } from './durable-file'
import type { Host } from './host'
import { copyFrom } from './operations/base-copy'
import { Postmaster } from './postmaster'
import { withSession } from './session'
import { runTool } from './tools'

/** Between two tries to reach an upstream that is not there yet. */
const retryMs = 500

async function runInitdb(host: Host, path: string): Promise<void> {
  const { postgres } = host.config
  const passwordPath = `${path}.${randomBytes(4).toString('hex')}.pw`
  await mkdir(path, { recursive: true, mode: 0o700 })
  if (host.owner) await chown(path, host.owner.uid, host.owner.gid)
  await writeDurably(passwordPath, `${host.secrets.superuserPassword}\n`, 0o600, host.owner)
  try {
    const args = ['-D', path, '-U', postgres.superuser, '--pwfile', passwordPath, '--data-checksums']
    args.push('--auth=scram-sha-256', '--encoding=UTF8', '--locale=C')
    const result = await runTool(host.config, host.owner, 'initdb', args, 120_000)
    if (!result.ok) {
      host.log.error({ output: result.stderr.slice(-2_000) }, 'initdb failed')
      throw failed('the cluster could not be made')
    }
  } finally {
    await rm(passwordPath, { force: true })
  }
}

/** Roles and database. pg_rewind needs four functions, and a checkpoint after a promotion, of the replication role. */
function clusterSql(host: Host): string[] {
  const { postgres } = host.config
  const [replication, monitor] = [postgres.replicationUser, postgres.monitorUser].map(pg.escapeIdentifier)
  return [
    // Should one of these fail, its text, with the password in it, must not reach the server's log.
    "set log_min_error_statement = 'panic'",
    `create role ${replication} login replication password ${pg.escapeLiteral(host.secrets.replicationPassword)}`,
    `grant pg_checkpoint to ${replication}`,
    ...[
      'pg_ls_dir(text, boolean, boolean)',
      'pg_stat_file(text, boolean)',
      'pg_read_binary_file(text)',
      'pg_read_binary_file(text, bigint, bigint, boolean)',
    ].map((signature) => `grant execute on function pg_catalog.${signature} to ${replication}`),
    `create role ${monitor} login password ${pg.escapeLiteral(host.secrets.monitorPassword)}`,
    `grant pg_monitor, pg_read_all_data to ${monitor}`,
    `create database ${pg.escapeIdentifier(postgres.databaseName)}`,
  ]
}

function schemaSql(host: Host): string[] {
  const monitor = pg.escapeIdentifier(host.config.postgres.monitorUser)
  return [
    'create schema lifeboat',
    'create table lifeboat.heartbeat (server_id text primary key, at timestamptz not null, lsn pg_lsn not null)',
    `create table lifeboat.probe (
       id bigint generated always as identity primary key,
       at timestamptz not null default clock_timestamp(),
       note text not null)`,
    `grant usage on schema lifeboat to ${monitor}`,
    `grant select, insert, update, delete on all tables in schema lifeboat to ${monitor}`,
  ]
}

/** Makes a new cluster aside and moves it into place when it is whole: a crash on the way leaves nothing half made. */
export async function makeCluster(host: Host): Promise<void> {
  const { dataDirectory, databaseName } = host.config.postgres
  const path = `${dataDirectory}.new`
  const postmaster = new Postmaster(host.config, host.owner, path)
  const directory = new DataDirectory(host.config, host.secrets, host.owner, path)
  await postmaster.stopByAllMeans(1_000)
  await rm(path, { recursive: true, force: true })
  await mkdir(dirname(path), { recursive: true })
  await runInitdb(host, path)
  await directory.writeSettings(null)
  await directory.writeAccess(true)
  if (!(await postmaster.start(30_000))) throw failed('the new cluster did not come up')
  for (const [database, statements] of [
    ['postgres', clusterSql(host)],
    [databaseName, schemaSql(host)],
  ] as const) {
    await withSession(host.superuser(database), 30_000, async (client) => {
      for (const statement of statements) await client.query(statement)
    })
  }
  if (!(await postmaster.stopFast(30_000))) throw failed('the new cluster did not stop')
  await directory.writeAccess()
  await host.state.update({ firstPrimaryStart: true })
  await rename(path, dataDirectory)
  await syncDirectory(dirname(dataDirectory))
  await guardedStart(host)
}

/** Takes the first copy of the upstream, as often as it needs to come up. */
export async function takeFirstCopy(host: Host, signal: AbortSignal): Promise<void> {
  const { follow } = host.config
  while (follow && !signal.aborted && (await host.directory.kind()) === 'absent') {
    try {
      await host.mutex.run(async () => {
        if ((await host.directory.kind()) !== 'absent') return
        await copyFrom(host, follow, 600_000)
        await host.startStandby()
        host.log.info('first copy taken; following')
      }, 1_000)
    } catch (error) {
      host.log.info({ reason: error instanceof Error ? error.message : 'unknown' }, 'no first copy yet; trying again')
    }
    await delay(retryMs, undefined, { signal }).catch(() => undefined)
  }
}
