import { describe, expect, it } from 'vitest'
import { parseRedisUrl, redisRetryMs, runQueue } from './contracts'

describe('parseRedisUrl', () => {
  it.each([
    ['redis://127.0.0.1:16379', { host: '127.0.0.1', port: 16379 }],
    ['redis://cache.example', { host: 'cache.example', port: 6379 }],
    ['redis://:p%40ss@h:1/3', { host: 'h', port: 1, password: 'p@ss', db: 3 }],
    ['rediss://user:secret@h:2', { host: 'h', port: 2, username: 'user', password: 'secret', tls: {} }],
  ])('%s', (url, expected) => {
    expect(parseRedisUrl(url)).toEqual(expected)
  })

  it('refuses what is not one, without repeating it', () => {
    for (const bad of ['http://secret@h', 'secret', 'redis://']) {
      expect(() => parseRedisUrl(bad)).toThrow(TypeError)
      expect(() => parseRedisUrl(bad)).not.toThrow(/secret/)
    }
  })
})

describe('runQueue', () => {
  it('refuses a job without a run', () => {
    expect(runQueue.payload.safeParse({}).success).toBe(false)
    expect(runQueue.payload.safeParse({ runId: 'run_1' }).success).toBe(true)
  })
})

describe('redisRetryMs', () => {
  it('backs off and never waits longer than a second', () => {
    expect([1, 2, 5, 10, 1000].map(redisRetryMs)).toEqual([100, 200, 500, 1000, 1000])
  })
})
