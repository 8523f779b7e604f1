import { describe, expect, it } from 'vitest'
import { consoleEnv, workerEnv } from './env'

const good = {
  LIFEBOAT_DATABASE_URL: 'postgresql://lifeboat:pw@127.0.0.1:5432/lifeboat',
  LIFEBOAT_REDIS_URL: 'redis://127.0.0.1:6379',
  LIFEBOAT_SECRET: 'x'.repeat(32),
  LIFEBOAT_PUBLIC_URL: 'https://lifeboat.example',
}

describe('settings', () => {
  it('fills in defaults', () => {
    const env = consoleEnv(good)
    expect(env.LIFEBOAT_LOG_LEVEL).toBe('info')
    expect(env.LIFEBOAT_ANCHORS).toEqual([])
    expect(env.LIFEBOAT_TRUSTED_PROXIES).toEqual([])
  })

  it('names everything that is missing, at once', () => {
    expect(() => consoleEnv({ LIFEBOAT_REDIS_URL: '' })).toThrow(
      /LIFEBOAT_DATABASE_URL: is not set[\s\S]*LIFEBOAT_REDIS_URL: is not set[\s\S]*LIFEBOAT_SECRET: is not set/,
    )
    expect(() => workerEnv(good)).toThrow(/LIFEBOAT_VANTAGE: is not set[\s\S]*LIFEBOAT_WORKER_ID: is not set/)
  })

  it('never prints a value', () => {
    const attempt = () =>
      consoleEnv({ ...good, LIFEBOAT_SECRET: 'hunter2-short', LIFEBOAT_DATABASE_URL: 'mysql://u:hunter2@h/d' })
    expect(attempt).toThrow(/LIFEBOAT_SECRET: at least 32/)
    expect(attempt).not.toThrow(/hunter2/)
  })

  it('reads anchors as JSON and says where they are wrong', () => {
    expect(consoleEnv({ ...good, LIFEBOAT_ANCHORS: '[{"name":"west","bucket":"b"}]' }).LIFEBOAT_ANCHORS).toEqual([
      { name: 'west', bucket: 'b', region: 'us-east-1', prefix: 'lifeboat-audit/' },
    ])
    expect(() => consoleEnv({ ...good, LIFEBOAT_ANCHORS: '{' })).toThrow(/LIFEBOAT_ANCHORS: not JSON/)
    expect(() => consoleEnv({ ...good, LIFEBOAT_ANCHORS: '[{"name":"west"}]' })).toThrow(/LIFEBOAT_ANCHORS at 0.bucket/)
  })
})
