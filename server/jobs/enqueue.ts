import { randomUUID } from 'node:crypto'
import { Queue } from 'bullmq'
import { parseRedisUrl, type RunJob, redisRetryMs, runQueue } from './contracts'
import { closeWithin, within } from './within'

export type RunProducer = {
  /** Hints to the workers that a run waits. Never throws and never takes longer than 300 ms: the reconciler finds a lost hint's run. */
  enqueueRun(runId: string): Promise<void>
  close(): Promise<void>
}

type Log = (message: string, detail: Record<string, unknown>) => void

/** Longer than a healthy Redis ever needs, short enough that a page's request does not wait for a dead one. */
const patienceMs = 300

export function createRunProducer(redisUrl: string, log: Log): RunProducer {
  const queue = new Queue<RunJob>(runQueue.name, {
    connection: {
      ...parseRedisUrl(redisUrl),
      maxRetriesPerRequest: 1,
      enableOfflineQueue: false,
      connectTimeout: 1000,
      retryStrategy: redisRetryMs,
    },
    // Nothing is learnt from a finished hint; the run itself is in the control database.
    defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: true },
  })
  queue.on('error', () => {
    // Connection errors repeat with each attempt to connect; a hint that was lost because of them is logged below.
  })
  return {
    async enqueueRun(runId) {
      try {
        // A fresh id each time: a job left over from an earlier hint must not swallow this one. Digits alone and ':' are refused as ids.
        const adding = queue.add(runQueue.jobName, { runId }, { jobId: `run-${randomUUID()}` })
        await within(adding, patienceMs)
      } catch (error) {
        log('A hint to the workers was lost; the reconciler will find the run', { runId, error: messageOf(error) })
      }
    },
    async close() {
      await closeWithin(
        () => queue.close(),
        () => queue.disconnect(),
        patienceMs,
      )
    },
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
