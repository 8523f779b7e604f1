import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startPostgres, startRedis, type TestServer, testDatabase } from '@/lab/shortener/test-servers'
import { eventually } from '@/lab/testing'
import { buildProcesses } from '@/scripts/build'

const database = '127.63.21.11'
const cache = '127.63.21.13'
const service = '127.63.21.100'
const base = `http://${service}:8080`
let directory: string
let postgres: TestServer
let redis: TestServer
let instance: ChildProcess
let startedInMs: number

async function startInstance(): Promise<void> {
  instance = spawn(process.execPath, [join(directory, 'shortener.mjs')], {
    stdio: 'ignore',
    env: {
      NODE_ENV: 'production',
      DATABASE_HOST: 'db-east-1.lab',
      DATABASE_NAME: testDatabase.name,
      DATABASE_USER: testDatabase.user,
      DATABASE_PASSWORD_FILE: join(directory, 'password'),
      CACHE_HOST: 'cache-east.lab',
      CACHE_PASSWORD_FILE: join(directory, 'password'),
      REGION: 'us-east',
      DATACENTER_ID: '1',
      INSTANCE: '3',
      HOST: service,
      PORT: '8080',
      HOSTS_FILE: join(directory, 'hosts.json'),
    },
  })
  const from = performance.now()
  await eventually('the instance is healthy', async () => {
    const { status, body } = await health()
    return status === 200 && body?.cache === 'ok'
  })
  startedInMs = performance.now() - from
  // An instance serves as well as it can before its tables are made, so health alone does not mean that it can create.
  await eventually('the tables are there', async () => {
    const [found] = await sql<{ there: boolean }>(`select to_regclass('link_hits') is not null as there`)
    return found?.there
  })
}

const health = async () => {
  const response = await fetch(`${base}/health`).catch(() => null)
  return { status: response?.status ?? 0, body: response ? await response.json() : null }
}
const post = (body: unknown) =>
  fetch(`${base}/links`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  })
const follow = (code: string) => fetch(`${base}/${code}`, { redirect: 'manual' })
async function createLink(url: string): Promise<string> {
  const response = await post({ url })
  expect(response.status).toBe(201)
  return String((await response.json()).code)
}
async function sql<T extends pg.QueryResultRow>(text: string, options = ''): Promise<T[]> {
  const { name, user, password } = testDatabase
  const client = new pg.Client({ host: database, port: 15432, user, password, database: name, options })
  await client.connect()
  try {
    return (await client.query<T>(text)).rows
  } finally {
    await client.end()
  }
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lifeboat-shortener-'))
  await writeFile(join(directory, 'password'), `${testDatabase.password}\n`)
  await writeFile(join(directory, 'hosts.json'), JSON.stringify({ 'db-east-1.lab': database, 'cache-east.lab': cache }))
  ;[postgres, redis] = await Promise.all([
    startPostgres(database),
    startRedis(cache),
    buildProcesses(directory, ['shortener']),
  ])
  await startInstance()
})
afterAll(async () => {
  instance?.kill('SIGKILL')
  await Promise.all([postgres?.stop(), redis?.stop()])
  await rm(directory, { recursive: true })
})

describe('links', () => {
  it('are created, followed, cached and counted', async () => {
    const code = await createLink('https://example.com/some/where')
    const answer = await follow(code)
    expect([answer.status, answer.headers.get('location')]).toEqual([302, 'https://example.com/some/where'])
    const [row] = await sql(`select url, region from links where code = '${code}'`)
    expect(row).toEqual({ url: 'https://example.com/some/where', region: 'us-east' })
    const client = new Redis({ host: cache, port: 16379, password: testDatabase.password })
    expect(await client.get(`link:${code}`)).toBe('https://example.com/some/where')
    await client.set('link:hot', 'https://example.com/cached')
    client.disconnect()
    expect((await follow('hot')).headers.get('location')).toBe('https://example.com/cached')
    await follow(code)
    await eventually('the hits are counted', async () => {
      const [hits] = await sql<{ hits: string }>(`select hits from link_hits where code = '${code}'`)
      return hits?.hits === '2'
    })
  })

  it('are refused with a reason when they cannot be', async () => {
    for (const body of [{ url: 'javascript:alert(1)' }, { url: 'nonsense' }, {}, 'x']) {
      expect((await post(body)).status).toBe(400)
    }
    expect((await follow('doesnotexist')).status).toBe(404)
    expect((await fetch(`${base}/a/b`)).status).toBe(404)
    expect((await post({ url: `https://example.com/${'x'.repeat(20_000)}` })).status).toBe(413)
  })

  it('survive a restart of the instance, which is fast', async () => {
    const code = await createLink('https://example.com/kept')
    const exited = new Promise<number | null>((resolve) => instance.once('exit', resolve))
    instance.kill('SIGTERM')
    expect(await exited).toBe(0)
    await startInstance()
    expect((await follow(code)).status).toBe(302)
    console.info(`an instance was healthy ${Math.round(startedInMs)} ms after its start`)
    expect(startedInMs).toBeLessThan(8_000)
  })
})

describe('health', () => {
  it('says what is so', async () => {
    expect(await health()).toMatchObject({
      status: 200,
      body: { status: 'ok', writer: 'db-east-1.lab', writable: true, cache: 'ok', region: 'us-east', instance: 3 },
    })
  })

  it('and every request end in time while the database is frozen, and recover with it', async () => {
    const cached = await createLink('https://example.com/cached')
    process.kill(postgres.pid, 'SIGSTOP')
    const backends = await childrenOf(postgres.pid)
    for (const pid of backends) process.kill(pid, 'SIGSTOP')
    try {
      const from = performance.now()
      const [refused, missing, found] = await Promise.all([
        post({ url: 'https://example.com/late' }),
        follow('nothere'),
        follow(cached),
      ])
      expect(performance.now() - from).toBeLessThan(3_000)
      const sickFrom = performance.now()
      const sick = await health()
      expect(performance.now() - sickFrom).toBeLessThan(3_000)
      expect(sick).toMatchObject({ status: 503, body: { status: 'unavailable', writerReachable: false } })
      expect([503, 504]).toContain(refused.status)
      expect([503, 504]).toContain(missing.status)
      expect(found.status).toBe(302)
    } finally {
      for (const pid of [...backends, postgres.pid]) process.kill(pid, 'SIGCONT')
    }
    await eventually('it is healthy again', async () => (await health()).status === 200)
    await createLink('https://example.com/after')
  })

  it('is bad while the writer is read-only, and writes are refused', async () => {
    await sql(`alter database ${testDatabase.name} set default_transaction_read_only = on`)
    await sql(
      'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname is not null',
    )
    const sick = await eventually('it is noticed', async () => {
      const state = await health()
      return state.status === 503 && state.body?.reason === 'db-east-1.lab is read-only' ? state : null
    })
    expect(sick.body).toMatchObject({ writable: false, readerReachable: true })
    expect((await post({ url: 'https://example.com/x' })).status).toBe(503)
    await sql(
      `alter database ${testDatabase.name} reset default_transaction_read_only`,
      '-c default_transaction_read_only=off',
    )
    await sql(
      'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname is not null',
    )
    await eventually('it is healthy again', async () => (await health()).status === 200)
  })

  it('stays good without the cache, and links work', async () => {
    const code = await createLink('https://example.com/uncached')
    process.kill(redis.pid, 'SIGKILL')
    const state = await eventually('the cache is missed', async () => {
      const now = await health()
      return now.body?.cache === 'unreachable' ? now : null
    })
    expect(state.status).toBe(200)
    expect((await follow(code)).status).toBe(302)
  })
})

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return text.trim().split(' ').filter(Boolean).map(Number)
}
