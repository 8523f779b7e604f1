import { Redis } from 'ioredis'
import { parseRedisUrl } from '@/server/jobs/contracts'
import { workerAges } from '@/server/queries/process-health'
import { workerSilentMs } from '@/server/queries/service-view'
import { type ConsoleWiring, consoleWiring } from '@/server/wiring'

type Check = { name: string; ok: boolean; detail: string }
type Readiness = { ready: boolean; degraded: boolean; checks: Check[] }

/** A probe asks every few seconds and gives up after some: an answer must come before that, also from a busy machine. */
const patienceMs = 2_000

/**
 * Ready means that requests can be served, for which the control database alone is needed. Without Redis a run starts later (the workers
 * look for it themselves), without workers nothing is done: both are told, and neither would be mended by taking the console away.
 */
export async function readiness(verbose: boolean): Promise<Readiness> {
  const wiring = consoleWiring()
  const [database, redis, workers] = await Promise.all([
    check('database', () => databaseDetail(wiring)),
    check('redis', () => redisDetail(wiring)),
    check('workers', () => workersDetail(wiring, verbose)),
  ])
  const checks = [database, redis, workers]
  return { ready: database.ok, degraded: checks.some((each) => !each.ok), checks }
}

/** Failures are told in our words: a driver's message may name hosts and users. */
async function check(name: string, ask: () => Promise<{ ok: boolean; detail: string }>): Promise<Check> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<{ ok: boolean; detail: string }>((resolve) => {
    timer = setTimeout(() => resolve({ ok: false, detail: `No answer within ${patienceMs} ms.` }), patienceMs)
  })
  try {
    return { name, ...(await Promise.race([ask(), late])) }
  } catch {
    return { name, ok: false, detail: 'Not reached.' }
  } finally {
    clearTimeout(timer)
  }
}

async function databaseDetail(wiring: ConsoleWiring) {
  await wiring.db.$queryRaw`SELECT 1`
  return { ok: true, detail: 'Answers.' }
}

/** A connection of its own, closed at once: the producer's may be reconnecting, which says nothing of Redis itself. */
async function redisDetail(wiring: ConsoleWiring) {
  const redis = new Redis({
    ...parseRedisUrl(wiring.env.LIFEBOAT_REDIS_URL),
    lazyConnect: true,
    connectTimeout: patienceMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  })
  redis.on('error', () => undefined)
  try {
    await redis.connect()
    await redis.ping()
    return { ok: true, detail: 'Answers.' }
  } finally {
    redis.disconnect()
  }
}

async function workersDetail(wiring: ConsoleWiring, verbose: boolean) {
  const workers = await workerAges(wiring.db)
  const alive = workers.filter((worker) => worker.ageMs <= workerSilentMs)
  const vantages = new Set(alive.map((worker) => worker.vantage))
  const short = `${alive.length} alive, at ${vantages.size} vantage ${vantages.size === 1 ? 'point' : 'points'}.`
  const each = workers.map((worker) => ` ${worker.id} at ${worker.vantage}: ${(worker.ageMs / 1000).toFixed(1)} s ago.`)
  return { ok: alive.length > 0, detail: verbose ? `${short}${each.join('')}` : short }
}
