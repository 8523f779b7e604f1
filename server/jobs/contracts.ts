import { z } from 'zod'

/**
 * Queues and what travels in them. A job is a hint that work waits, never the work itself: the control database alone says what a run
 * is and who may lead it, so a job may be lost, repeated or arrive twice without any effect beyond delay.
 */
export const runQueue = {
  name: 'runs',
  jobName: 'execute-run',
  payload: z.object({ runId: z.string().min(1).max(100) }),
} as const
export type RunJob = z.infer<typeof runQueue.payload>

/** Where Redis is, as options: BullMQ closes only the connections that it opened itself. */
export type RedisOptions = {
  host: string
  port: number
  username?: string
  password?: string
  db?: number
  tls?: Record<string, never>
}

/** @throws TypeError when it is not a redis: or rediss: URL; the message never holds the URL, which may hold a password. */
export function parseRedisUrl(text: string): RedisOptions {
  const url = URL.canParse(text) ? new URL(text) : null
  if (!url || (url.protocol !== 'redis:' && url.protocol !== 'rediss:') || !url.hostname) {
    throw new TypeError('Not a Redis URL: redis://host:port is expected')
  }
  const database = url.pathname.slice(1)
  return {
    host: url.hostname,
    port: url.port ? Number(url.port) : 6379,
    ...(url.username && { username: decodeURIComponent(url.username) }),
    ...(url.password && { password: decodeURIComponent(url.password) }),
    ...(database && { db: Number(database) }),
    ...(url.protocol === 'rediss:' && { tls: {} }),
  }
}

/** Quick to come back after a restart of Redis, never faster than ten times a second. */
export function redisRetryMs(attempt: number): number {
  return Math.min(1000, 100 * attempt)
}
