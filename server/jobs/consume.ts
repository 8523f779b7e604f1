import { Worker } from 'bullmq'
import { parseRedisUrl, redisRetryMs, runQueue } from './contracts'
import { closeWithin } from './within'

export type RunConsumer = {
  /** Whether Redis answers now. */
  connected(): boolean
  /** Takes no more jobs; does not wait for those at work, whose runs are handed back by their leases. */
  close(): Promise<void>
}

type Log = (message: string, detail: Record<string, unknown>) => void

/** Runs of different services may be led at once; one service has one run at a time. */
const concurrency = 8
/** While Redis is away every attempt to connect is an error: one line each ten seconds says it. */
const errorLogEveryMs = 10_000

/** A worker that ends has 5 s for everything. */
const closeMs = 500

/** Calls `execute` for each job as soon as it arrives. A job is never repeated by the queue: the reconciler does that, from the truth. */
export function consumeRuns(redisUrl: string, execute: (runId: string) => Promise<void>, log: Log): RunConsumer {
  let connection: { status: string } | null = null
  let loggedAtMs = 0
  const worker = new Worker(
    runQueue.name,
    async (job) => {
      await execute(runQueue.payload.parse(job.data).runId)
    },
    {
      connection: {
        ...parseRedisUrl(redisUrl),
        maxRetriesPerRequest: null,
        connectTimeout: 1000,
        retryStrategy: redisRetryMs,
      },
      concurrency,
      maxStalledCount: 0,
      // The default is 15 s, for which a Redis that is back would stay unused.
      runRetryDelay: 500,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
    },
  )
  // Resolves once Redis has answered for the first time; rejects only when the worker is closed before that.
  worker.backend.client.then(
    (client) => {
      connection = client
    },
    () => undefined,
  )
  worker.on('error', (error) => {
    if (Date.now() - loggedAtMs < errorLogEveryMs) return
    loggedAtMs = Date.now()
    log('Redis is away; runs are found by the reconciler alone', { error: error.message })
  })
  return {
    connected: () => connection?.status === 'ready',
    close: () =>
      closeWithin(
        () => worker.close(true),
        () => worker.backend.disconnect(),
        closeMs,
      ),
  }
}
