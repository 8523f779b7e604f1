import { afterEach, describe, expect, it } from 'vitest'
import { testRedis } from '@/server/testing/redis'
import { until } from '@/server/testing/worker-tools'
import { consumeRuns, type RunConsumer } from './consume'
import { createRunProducer, type RunProducer } from './enqueue'

const redis = testRedis(67)
const { url } = redis
const closers: (() => Promise<void>)[] = []

function producer(lost: string[] = []): RunProducer {
  const made = createRunProducer(url, (_message, detail) => lost.push(String(detail.runId)))
  closers.push(() => made.close())
  return made
}

function consumer(seen: string[]): RunConsumer {
  const made = consumeRuns(
    url,
    async (runId) => {
      seen.push(runId)
      if (runId === 'run_throws') throw new Error('the run cannot be led here')
    },
    () => undefined,
  )
  closers.push(() => made.close())
  return made
}

afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()))
  await redis.kill()
})

describe('the run queue', () => {
  it('delivers at once, and the same run again', async () => {
    await redis.start()
    const seen: string[] = []
    const worker = consumer(seen)
    await until(() => worker.connected(), 'the worker is connected')
    const jobs = producer()
    await jobs.enqueueRun('run_warm')
    await until(() => seen.length === 1, 'the first job')
    const startedAt = performance.now()
    await jobs.enqueueRun('run_1')
    await until(() => seen.includes('run_1'), 'the second job')
    expect(performance.now() - startedAt).toBeLessThan(3_000)
    await jobs.enqueueRun('run_1')
    await until(() => seen.filter((each) => each === 'run_1').length === 2, 'the repeated hint')
  })

  it('does not repeat a job whose processor threw', async () => {
    await redis.start()
    const seen: string[] = []
    const worker = consumer(seen)
    await until(() => worker.connected(), 'the worker is connected')
    const jobs = producer()
    await jobs.enqueueRun('run_throws')
    await jobs.enqueueRun('run_after')
    await until(() => seen.includes('run_after'), 'the job after')
    expect(seen.filter((each) => each === 'run_throws')).toHaveLength(1)
  })

  it('never throws and answers in time without Redis; works again when Redis is back', async () => {
    await redis.start()
    const seen: string[] = []
    const lost: string[] = []
    const worker = consumer(seen)
    const jobs = producer(lost)
    await jobs.enqueueRun('run_before')
    await until(() => seen.includes('run_before'), 'the job before')
    await redis.kill()
    await until(() => !worker.connected(), 'the worker notices')
    const startedAt = performance.now()
    await jobs.enqueueRun('run_lost')
    expect(performance.now() - startedAt).toBeLessThan(3_000)
    expect(lost).toEqual(['run_lost'])
    await redis.start()
    await until(async () => {
      await jobs.enqueueRun('run_back')
      return seen.includes('run_back')
    }, 'a job after Redis came back')
    await until(() => worker.connected(), 'the worker says that it is connected again')
  })

  it('starts without Redis, and works once it appears', async () => {
    const seen: string[] = []
    consumer(seen)
    const jobs = producer()
    await jobs.enqueueRun('run_early')
    await redis.start()
    await until(async () => {
      await jobs.enqueueRun('run_late')
      return seen.includes('run_late')
    }, 'a job after Redis appeared')
  })
})
