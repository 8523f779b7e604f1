import { Redis } from 'ioredis'
import { type PortError, Terminal, Transient, Unreachable } from '@/server/ports/errors'
import type { Cache } from '@/server/ports/managed'
import { withDeadline } from '../deadline'
import { connectionFailure, errorText, toPortError } from '../errors'
import type { Names } from '../names'

export type RedisOptions = { region: string; host: string; port: number; password: (() => string) | null; names: Names }

const connectTimeoutMs = 1_500
const pingTimeoutMs = 2_000
const workTimeoutMs = 20_000
/** Keys a round trip: large enough that a link of 70 ms does not matter, small enough not to hold up the server's other clients. */
const chunkSize = 500

/** One connection a call, no reconnects: a cache that is away is reported, never waited for. */
export function createRedisCache(options: RedisOptions): Cache {
  const system = `cache ${options.region}`

  const withClient = async <T>(timeoutMs: number, work: (client: Redis) => Promise<T>): Promise<T> => {
    const client = new Redis({
      host: options.names.lookup(options.host),
      port: options.port,
      ...(options.password && { password: options.password() }),
      connectionName: 'lifeboat',
      connectTimeout: connectTimeoutMs,
      lazyConnect: true,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
      enableReadyCheck: true,
    })
    // ioredis hides why it closed from the pending call, and tells only this event.
    let reason: unknown
    client.on('error', (error: unknown) => {
      reason ??= error
    })
    try {
      return await withDeadline(
        system,
        timeoutMs,
        async () => {
          await client.connect()
          return work(client)
        },
        (error) => toRedisError(system, error, reason),
      )
    } finally {
      client.disconnect()
    }
  }

  return {
    ping: () =>
      withClient(pingTimeoutMs, async (client) => {
        await client.ping()
      }),
    prewarm: (pairs, ttlSeconds) =>
      withClient(workTimeoutMs, async (client) => {
        let written = 0
        for (const chunk of chunksOf(pairs)) {
          const pipeline = client.pipeline()
          for (const { key, value } of chunk) pipeline.set(key, value, 'EX', ttlSeconds)
          for (const [error] of (await pipeline.exec()) ?? []) {
            if (error) throw error
            written += 1
          }
        }
        return written
      }),
    count: (keys) =>
      withClient(workTimeoutMs, async (client) => {
        let found = 0
        for (const chunk of chunksOf(keys)) found += await client.exists(...chunk)
        return found
      }),
  }
}

function toRedisError(system: string, error: unknown, reason: unknown): PortError {
  const cause = reason ?? error
  if (connectionFailure(cause) !== null) return toPortError(system, cause)
  const text = errorText(cause)
  if (/^(LOADING|BUSY|OOM|TRYAGAIN|MASTERDOWN)/.test(text))
    return new Transient(system, `${system}: ${text}`, { cause })
  if (/connection is closed|timed out|timeout/i.test(text)) {
    return new Unreachable(system, `${system} cannot be reached: ${text}`, { cause })
  }
  return new Terminal(system, `${system} refused: ${text}`, { cause })
}

function* chunksOf<T>(items: T[]): Generator<T[]> {
  for (let start = 0; start < items.length; start += chunkSize) yield items.slice(start, start + chunkSize)
}
