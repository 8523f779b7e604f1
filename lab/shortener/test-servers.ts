import { type ChildProcess, spawn } from 'node:child_process'
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { postgresUser } from '@/lab/data-root'
import { findPostgres, findRedis } from '@/lab/programs'
import { eventually } from '@/lab/testing'

/** A real server for one test file. `pid` is the server's own, to freeze or kill. */
export type TestServer = { pid: number; stop: () => Promise<void> }

type Spawned = { uid?: number; gid?: number }

function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode)
  return new Promise((resolve) => child.once('exit', (code) => resolve(code)))
}

async function run(program: string, args: string[], identity: Spawned): Promise<void> {
  const child = spawn(program, args, { stdio: 'ignore', ...identity })
  if ((await ended(child)) !== 0) throw new Error(`${program} failed`)
}

async function privateDirectory(name: string, identity: Spawned): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), `lifeboat-${name}-`))
  if (identity.uid !== undefined && identity.gid !== undefined) await chown(directory, identity.uid, identity.gid)
  return directory
}

function stopper(child: ChildProcess, signal: NodeJS.Signals, directory: string): TestServer {
  return {
    pid: child.pid ?? -1,
    stop: async () => {
      child.kill('SIGCONT')
      child.kill(signal)
      await ended(child)
      await rm(directory, { recursive: true, force: true })
    },
  }
}

export const testDatabase = { name: 'links', user: 'shortener', password: 'test-password' }

/** PostgreSQL with a database `links` owned by the service's role. */
export async function startPostgres(host: string): Promise<TestServer> {
  const found = findPostgres()
  if (!found) throw new Error('PostgreSQL 15 or newer is needed for this test')
  const user = postgresUser()
  const identity = user ? { uid: user.uid, gid: user.gid } : {}
  const directory = await privateDirectory('postgres', identity)
  const passwordFile = join(directory, 'password')
  await writeFile(passwordFile, testDatabase.password)
  if (user) await chown(passwordFile, user.uid, user.gid)
  const data = join(directory, 'data')
  const role = ['-U', testDatabase.user, '-A', 'scram-sha-256', '--pwfile', passwordFile]
  await run(join(found.binDirectory, 'initdb'), ['-D', data, ...role, '-N', '-E', 'UTF8', '--locale=C'], identity)
  const settings = { listen_addresses: host, port: '15432', unix_socket_directories: '', fsync: 'off' }
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const child = spawn(join(found.binDirectory, 'postgres'), ['-D', data, ...args], { stdio: 'ignore', ...identity })
  await eventually('PostgreSQL accepts connections', () => {
    if (child.exitCode !== null) throw new Error(`PostgreSQL did not start; is ${host}:15432 taken?`)
    return createDatabase(host)
  })
  return stopper(child, 'SIGINT', directory)
}

async function createDatabase(host: string): Promise<boolean> {
  const { user, password, name } = testDatabase
  const client = new pg.Client({ host, port: 15432, user, password, database: 'postgres' })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query(`create database ${name}`)
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}

export async function startRedis(host: string): Promise<TestServer> {
  const program = findRedis()
  if (program === null) throw new Error('redis-server is needed for this test')
  const directory = await privateDirectory('redis', {})
  const args = [
    '--bind',
    host,
    '--port',
    '16379',
    '--save',
    '',
    '--dir',
    directory,
    '--requirepass',
    testDatabase.password,
  ]
  const child = spawn(program, args, { stdio: 'ignore' })
  return stopper(child, 'SIGTERM', directory)
}
