import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import pg from 'pg'
import { postgresUser } from '@/lab/data-root'
import { killBelow } from '@/lab/processes'
import { findPostgres } from '@/lab/programs'
import { type Summary, summarise } from './stats'

const port = 15432
const primaryHost = '127.76.1.11'
const standbyHost = '127.76.2.11'

/**
 * The bare floor: nothing but PostgreSQL. Every process of the primary is killed, `pg_promote()` is called on the standby in a session that is already open, and a
 * new session writes. No detection, no fence, no approval, no journal. Seconds from the kill to the first acknowledged write.
 */
export async function measureFloor(runs: number): Promise<Summary> {
  const seconds: number[] = []
  for (let run = 0; run < runs; run += 1) seconds.push(await oneFloor())
  return summarise(seconds)
}

async function oneFloor(): Promise<number> {
  const installation = findPostgres()
  if (!installation) throw new Error('No PostgreSQL 15 or newer was found')
  const owner = postgresUser()
  const as = owner ? { uid: owner.uid, gid: owner.gid } : {}
  const directory = mkdtempSync(join(tmpdir(), 'lifeboat-floor-'))
  if (owner) chownSync(directory, owner.uid, owner.gid)
  const bin = (name: string): string => join(installation.binDirectory, name)
  const run = (name: string, args: string[]) => execa(bin(name), args, { ...as, cwd: directory, stdio: 'ignore' })
  const start = (data: string, host: string) =>
    run('pg_ctl', [
      '-D',
      data,
      '-w',
      '-l',
      join(directory, `${host}.log`),
      '-o',
      `-c listen_addresses=${host} -c port=${port} -c unix_socket_directories= -c wal_retrieve_retry_interval=100ms`,
      'start',
    ])
  const primary = join(directory, 'primary')
  const standby = join(directory, 'standby')
  try {
    await run('initdb', ['-D', primary, '-U', 'postgres', '-A', 'trust', '--no-sync'])
    await start(primary, primaryHost)
    await run('pg_basebackup', [
      '-D',
      standby,
      '-h',
      primaryHost,
      '-p',
      String(port),
      '-U',
      'postgres',
      '-R',
      '-c',
      'fast',
      '--no-sync',
    ])
    await start(standby, standbyHost)
    const before = await connect(primaryHost)
    await before.query('CREATE TABLE floor (id int)')
    const control = await connect(standbyHost)
    while ((await control.query(`SELECT to_regclass('floor') AS here`)).rows[0]?.here === null) await pause(20)
    const begun = performance.now()
    await killBelow([primary])
    await control.query('SELECT pg_promote(true, 60)')
    const writer = await connect(standbyHost)
    await writer.query('INSERT INTO floor VALUES (1)')
    const took = (performance.now() - begun) / 1000
    await Promise.allSettled([control.end(), writer.end()])
    return took
  } finally {
    await killBelow([primary, standby])
    rmSync(directory, { recursive: true, force: true })
  }
}

async function connect(host: string): Promise<pg.Client> {
  const client = new pg.Client({ host, port, user: 'postgres', database: 'postgres' })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
