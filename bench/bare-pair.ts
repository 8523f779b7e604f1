import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import pg from 'pg'
import { postgresUser } from '@/lab/data-root'
import { killBelow } from '@/lab/processes'
import { findPostgres } from '@/lab/programs'
import type { Address } from './writers'

const port = 15432
const primaryHost = '127.76.1.11'
const standbyHost = '127.76.2.11'

/** A primary and its streaming standby with nothing of Lifeboat around them: what every measure is compared with. */
export type BarePair = {
  primary: Address
  standby: Address
  /** Its data directory, by which all of its processes are found. */
  primaryData: string
  /** Runs one of PostgreSQL's programs as the servers' owner. @returns what it printed */
  run(program: string, args: string[]): Promise<string>
}

/** Starts a pair, lends it to `work`, and leaves nothing of it. */
export async function withBarePair<T>(work: (pair: BarePair) => Promise<T>): Promise<T> {
  const installation = findPostgres()
  if (!installation) throw new Error('No PostgreSQL 15 or newer was found')
  const owner = postgresUser()
  const as = owner ? { uid: owner.uid, gid: owner.gid } : {}
  const directory = mkdtempSync(join(tmpdir(), 'lifeboat-floor-'))
  if (owner) chownSync(directory, owner.uid, owner.gid)
  const run = async (program: string, args: string[]): Promise<string> => {
    const done = await execa(join(installation.binDirectory, program), args, {
      ...as,
      cwd: directory,
      stdin: 'ignore',
      // A server that pg_ctl leaves behind would keep a pipe open, and execa waiting for its end.
      stdout: program === 'pg_ctl' ? 'ignore' : 'pipe',
      stderr: 'ignore',
      env: { LC_ALL: 'C' },
    })
    return done.stdout ?? ''
  }
  const start = (data: string, host: string) =>
    run('pg_ctl', ['-D', data, '-w', '-l', join(directory, `${host}.log`), '-o', serverOptions(host), 'start'])
  const primaryData = join(directory, 'primary')
  const standbyData = join(directory, 'standby')
  try {
    await run('initdb', ['-D', primaryData, '-U', 'postgres', '-A', 'trust', '--no-sync'])
    await start(primaryData, primaryHost)
    const source = ['-h', primaryHost, '-p', String(port), '-U', 'postgres']
    await run('pg_basebackup', ['-D', standbyData, ...source, '-R', '-c', 'fast', '--no-sync'])
    await start(standbyData, standbyHost)
    return await work({ primary: addressOf(primaryHost), standby: addressOf(standbyHost), primaryData, run })
  } finally {
    await killBelow([primaryData, standbyData])
    rmSync(directory, { recursive: true, force: true })
  }
}

function serverOptions(host: string): string {
  return `-c listen_addresses=${host} -c port=${port} -c unix_socket_directories= -c wal_retrieve_retry_interval=100ms`
}

function addressOf(host: string): Address {
  return { name: host, host, port, user: 'postgres', database: 'postgres' }
}

/** A session that survives the loss of its server as an error of its next statement. */
export async function connect({ name: _, ...address }: Address): Promise<pg.Client> {
  const client = new pg.Client({ ...address, connectionTimeoutMillis: 2_000 })
  client.on('error', () => undefined)
  await client.connect()
  return client
}
