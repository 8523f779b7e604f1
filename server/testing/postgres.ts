import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { migrate } from '@/server/db/migrate'

/** A PostgreSQL server of a test's own: started by it, on loopback, thrown away by `stop`. */
export type TestPostgres = {
  url: string
  host: string
  port: number
  user: string
  password: string
  database: string
  /** Fast shutdown and a new start on the same data. */
  restart(): Promise<void>
  stop(): Promise<void>
}

const user = 'lifeboat'
const database = 'lifeboat'
const startDeadlineMs = 30_000

/** `durable` keeps PostgreSQL's own promises (fsync, synchronous commit): for measuring. Off by default: tests throw their data away. */
export type TestPostgresOptions = { durable?: boolean }

/** Starts a server with an empty database on an address of 127.<net>.0.0/16. */
export async function startTestPostgres(net: number, options: TestPostgresOptions = {}): Promise<TestPostgres> {
  const bin = postgresBin()
  const owner = postgresOwner()
  const home = mkdtempSync(join(tmpdir(), 'lifeboat-test-pg-'))
  const data = join(home, 'data')
  const passwordFile = join(home, 'password')
  const password = randomBytes(12).toString('hex')
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (owner) for (const path of [home, passwordFile]) chownSync(path, owner.uid, owner.gid)
  execFileSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', user, '--pwfile', passwordFile, '-A', 'scram-sha-256', '-E', 'UTF8', '--locale=C', '-N'],
    { ...owner, stdio: ['ignore', 'ignore', 'pipe'], cwd: home },
  )
  const host = `127.${net}.${randomInt(1, 255)}.${randomInt(1, 255)}`
  const port = await freePort(host)
  const connection = { host, port, user, password }
  const boot = (): Promise<ChildProcess> =>
    start({ bin, data, home, owner, connection, durable: options.durable ?? false })
  let server = await boot()
  // A test that is killed must not leave its server behind.
  const killNow = (): void => {
    server.kill('SIGKILL')
    rmSync(home, { recursive: true, force: true })
  }
  process.once('exit', killNow)
  await query({ ...connection, database: 'postgres' }, `CREATE DATABASE ${database}`)
  return {
    ...connection,
    database,
    url: `postgresql://${user}:${password}@${host}:${port}/${database}`,
    restart: async () => {
      await stop(server)
      server = await boot()
    },
    stop: async () => {
      await stop(server)
      process.removeListener('exit', killNow)
      rmSync(home, { recursive: true, force: true })
    },
  }
}

/** The same with the control database's schema in it. */
export async function startTestDatabase(net: number, options: TestPostgresOptions = {}): Promise<TestPostgres> {
  const server = await startTestPostgres(net, options)
  try {
    await migrate(server)
    return server
  } catch (error) {
    await server.stop()
    throw error
  }
}

type Connection = { host: string; port: number; user: string; password: string }
type Start = {
  bin: string
  data: string
  home: string
  owner: Owner | undefined
  connection: Connection
  durable: boolean
}

async function start({ bin, data, home, owner, connection, durable }: Start): Promise<ChildProcess> {
  const settings = {
    listen_addresses: connection.host,
    unix_socket_directories: '',
    max_connections: '120',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
    shared_buffers: '32MB',
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const child = spawn(join(bin, 'postgres'), ['-D', data, '-p', String(connection.port), ...options], {
    ...owner,
    cwd: home,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let log = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    log = `${log}${chunk.toString()}`.slice(-2_000)
  })
  const deadline = Date.now() + startDeadlineMs
  for (;;) {
    if (child.exitCode !== null) throw new Error(`PostgreSQL did not start: ${log}`)
    try {
      await query({ ...connection, database: 'postgres' }, 'SELECT 1')
      return child
    } catch (error) {
      if (Date.now() > deadline) {
        child.kill('SIGKILL')
        throw new Error(`PostgreSQL did not answer within ${startDeadlineMs} ms: ${log}`, { cause: error })
      }
      await delay(30)
    }
  }
}

/** SIGINT asks PostgreSQL for its fast shutdown: sessions are ended, nothing is waited for. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGINT')
  await exited
}

async function query(connection: Connection & { database: string }, sql: string): Promise<void> {
  const client = new pg.Client({ ...connection, connectionTimeoutMillis: 2_000 })
  client.on('error', () => undefined)
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

async function freePort(host: string): Promise<number> {
  const probe = createServer()
  probe.listen(0, host)
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string') throw new Error(`No free port on ${host}`)
  return address.port
}

type Owner = { uid: number; gid: number }

/** PostgreSQL refuses to run as root; its package brings a user for it. */
function postgresOwner(): Owner | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

/** The newest installed PostgreSQL: Debian keeps its server binaries out of PATH. */
function postgresBin(): string {
  const base = '/usr/lib/postgresql'
  const versions = existsSync(base) ? readdirSync(base).sort((a, b) => Number(b) - Number(a)) : []
  const found = versions.map((version) => join(base, version, 'bin')).find((dir) => existsSync(join(dir, 'postgres')))
  if (found) return found
  return execFileSync('pg_config', ['--bindir'], { encoding: 'utf8' }).trim()
}
