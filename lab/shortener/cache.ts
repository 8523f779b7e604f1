import { Redis } from 'ioredis'
import type { Logger } from 'pino'

/** A slow cache is worse than none: the database answers in less. */
const commandTimeoutMs = 150
const keptSeconds = 3_600

/** Links in Redis, under `link:<code>`. Everything here may fail; a failure is a miss. */
export class LinkCache {
  private readonly redis: Redis

  constructor(
    address: { host: string; port: number; password: string | undefined },
    private readonly logger: Logger,
  ) {
    this.redis = new Redis({
      ...address,
      connectTimeout: 1_000,
      commandTimeout: commandTimeoutMs,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      retryStrategy: () => 500,
    })
    let complained = false
    this.redis.on('error', (error: Error) => {
      if (!complained) logger.warn({ reason: error.message }, 'the cache is not reachable')
      complained = true
    })
    this.redis.on('ready', () => {
      complained = false
    })
  }

  async get(code: string): Promise<string | null> {
    return this.redis.get(`link:${code}`).catch(() => null)
  }

  async put(code: string, url: string): Promise<void> {
    await this.redis.set(`link:${code}`, url, 'EX', keptSeconds).catch((error: unknown) => {
      this.logger.debug({ reason: String(error) }, 'a link was not cached')
    })
  }

  async isReachable(): Promise<boolean> {
    return this.redis.ping().then(
      () => true,
      () => false,
    )
  }

  close(): void {
    this.redis.disconnect()
  }
}
