import { type ChildProcess, spawn } from 'node:child_process'
import { createServer, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '@/lab/testing'
import { Terminal, Unreachable } from '@/server/ports/errors'
import { createNames } from '../names'
import { createRedisCache } from './redis'

const port = 16379
const at = (host: string, password: string | null = 'hush') =>
  createRedisCache({
    region: 'us-west',
    host,
    port,
    password: password === null ? null : () => password,
    names: createNames(null),
  })
const cache = at('127.66.2.13')
let redis: ChildProcess
let silent: Server

beforeAll(async () => {
  const flags = {
    '--bind': '127.66.2.13',
    '--port': String(port),
    '--requirepass': 'hush',
    '--save': '',
    '--appendonly': 'no',
  }
  redis = spawn('redis-server', Object.entries(flags).flat(), { cwd: '/', stdio: 'ignore' })
  silent = createServer(() => undefined)
  await new Promise<void>((resolve) => silent.listen(port, '127.66.3.13', resolve))
  await eventually('Redis', () =>
    cache.ping().then(
      () => true,
      () => false,
    ),
  )
})
afterAll(async () => {
  silent.close()
  const ended = new Promise((resolve) => redis.once('exit', resolve))
  redis.kill('SIGTERM')
  await ended
})

describe('the cache', () => {
  const pairs = Array.from({ length: 1_201 }, (_, n) => ({ key: `link:${n}`, value: `https://example.com/${n}` }))
  const keys = pairs.map(({ key }) => key)

  it('is warmed and counted in chunks, twice with the same end', async () => {
    expect(await cache.prewarm(pairs, 60)).toBe(1_201)
    expect(await cache.prewarm(pairs, 60)).toBe(1_201)
    expect(await cache.count([...keys, 'link:none'])).toBe(1_201)
    expect(await cache.prewarm([], 60)).toBe(0)
    expect(await cache.count([])).toBe(0)
  })

  it('forgets when the time to live is over', async () => {
    await cache.prewarm([{ key: 'short', value: 'x' }], 1)
    expect(await cache.count(['short'])).toBe(1)
    await eventually('the entry to expire', async () => (await cache.count(['short'])) === 0)
  })

  it('refuses a wrong password for good', async () => {
    await expect(at('127.66.2.13', 'wrong').ping()).rejects.toBeInstanceOf(Terminal)
    await expect(at('127.66.2.13', null).ping()).rejects.toBeInstanceOf(Terminal)
  })

  it('is unreachable where nobody listens or nobody answers, in time', async () => {
    const startedAt = performance.now()
    await expect(at('127.66.9.9').ping()).rejects.toBeInstanceOf(Unreachable)
    await expect(at('127.66.3.13').ping()).rejects.toBeInstanceOf(Unreachable)
    expect(performance.now() - startedAt).toBeLessThan(4_000)
  })
})
