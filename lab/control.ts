import { execFile } from 'node:child_process'
import { appendFileSync, chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import pg from 'pg'
import { hostAddress, ports } from '@/lab/addressing'
import { giveToPostgres } from '@/lab/config'
import type { Programs } from '@/lab/config/outside'
import { postgresUser } from '@/lab/data-root'
import { controlDatabase, controlSuperuser } from '@/lab/environment'
import type { LabPaths } from '@/lab/paths'
import { secretValue } from '@/lab/secrets'
import type { LabSettings } from '@/lab/settings'
import type { OutsideProcess } from '@/lab/supervise'

const run = promisify(execFile)
const programEnvironment = { PATH: '/usr/local/bin:/usr/bin:/bin', TZ: 'UTC', LC_ALL: 'C.UTF-8' }

export interface DatabaseAddress {
  host: string
  port: number
  user: string
  password: string
  database: string
}

/** The control database as its superuser: for migrations and for tests that look behind the scenes. */
export function controlAddress(settings: LabSettings, paths: LabPaths, database = controlDatabase): DatabaseAddress {
  return {
    host: hostAddress(settings.net, 'outside', 'outside'),
    port: ports.postgres,
    user: controlSuperuser,
    password: secretValue(paths, 'control-postgres-password'),
    database,
  }
}

/** Makes the control cluster aside and moves it into place whole, so that a crash on the way leaves nothing half made. */
export async function makeControlCluster(settings: LabSettings, paths: LabPaths, programs: Programs): Promise<void> {
  if (existsSync(paths.controlData)) return
  const path = `${paths.controlData}.new`
  const passwordFile = join(paths.control, 'initdb.password')
  rmSync(path, { recursive: true, force: true })
  mkdirSync(path, { mode: 0o700 })
  writeFileSync(passwordFile, `${secretValue(paths, 'control-postgres-password')}\n`, { mode: 0o600 })
  for (const one of [path, passwordFile]) giveToPostgres(one)
  const user = postgresUser()
  try {
    const args = ['-D', path, '-U', controlSuperuser, '--pwfile', passwordFile, '--auth=scram-sha-256']
    args.push('--encoding=UTF8', '--locale=C', '--data-checksums', '--no-instructions')
    await run(join(programs.binDirectory, 'initdb'), args, {
      cwd: paths.control,
      env: { NODE_ENV: 'production', ...programEnvironment },
      ...(user === null ? {} : { uid: user.uid, gid: user.gid }),
    })
  } finally {
    rmSync(passwordFile, { force: true })
  }
  const host = hostAddress(settings.net, 'outside', 'outside')
  const lines = [
    `listen_addresses = '${host}'`,
    `port = ${ports.postgres}`,
    "unix_socket_directories = ''",
    'max_connections = 200',
    "shared_buffers = '64MB'",
    "cluster_name = 'control'",
    "log_timezone = 'UTC'",
    "timezone = 'UTC'",
  ]
  appendFileSync(join(path, 'postgresql.conf'), `\n${lines.join('\n')}\n`)
  chmodSync(path, 0o700)
  renameSync(path, paths.controlData)
}

export function controlPostgres(paths: LabPaths, programs: Programs): OutsideProcess {
  return {
    name: 'control-postgres',
    program: join(programs.binDirectory, 'postgres'),
    args: ['-D', paths.controlData],
    cwd: paths.control,
    environment: programEnvironment,
    logFile: paths.log('control-postgres'),
    user: postgresUser(),
    stopSignal: 'SIGINT',
    stopMs: 3_000,
  }
}

export function controlRedis(paths: LabPaths, programs: Programs): OutsideProcess {
  return {
    name: 'control-redis',
    program: programs.redis,
    args: [join(paths.configs, 'control-redis.conf')],
    cwd: join(paths.outside, 'control-redis'),
    environment: programEnvironment,
    logFile: paths.log('control-redis'),
    stopSignal: 'SIGTERM',
    stopMs: 1_000,
  }
}

/** Runs `use` with a connection that is closed afterwards, whatever happens. */
export async function withDatabase<T>(address: DatabaseAddress, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ ...address, connectionTimeoutMillis: 2_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return await use(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}

export async function answersSql(address: DatabaseAddress): Promise<boolean> {
  return withDatabase(address, async (client) => (await client.query('select 1')).rowCount === 1)
}

export async function ensureControlDatabase(settings: LabSettings, paths: LabPaths): Promise<void> {
  await withDatabase(controlAddress(settings, paths, 'postgres'), async (client) => {
    const found = await client.query('select 1 from pg_database where datname = $1', [controlDatabase])
    if (found.rowCount === 0) await client.query(`create database ${pg.escapeIdentifier(controlDatabase)}`)
  })
}

export async function redisAnswers(settings: LabSettings, paths: LabPaths): Promise<boolean> {
  const redis = new Redis({
    host: hostAddress(settings.net, 'outside', 'outside'),
    port: ports.redis,
    password: secretValue(paths, 'control-redis-password'),
    lazyConnect: true,
    connectTimeout: 1_000,
    retryStrategy: () => null,
  })
  redis.on('error', () => undefined)
  try {
    await redis.connect()
    return (await redis.ping()) === 'PONG'
  } finally {
    redis.disconnect()
  }
}
