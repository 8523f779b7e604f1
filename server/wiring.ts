import { createSecondFactor } from '@/server/adapters/second-factor/totp'
import { createSignIn, type SignIn } from '@/server/adapters/sign-in/better-auth'
import { createDb, type Db } from '@/server/db/client'
import type { StepDescriber } from '@/server/domain/plan/describe'
import { type ConsoleEnv, consoleEnv } from '@/server/env'
import { createEventHub, type EventHub } from '@/server/http/events/hub'
import { createLog, type Log } from '@/server/http/log'
import { createRunProducer, type RunProducer } from '@/server/jobs/enqueue'
import type { Clock } from '@/server/ports/clock'
import type { SecondFactor } from '@/server/ports/second-factor'
import { admitSession } from '@/server/services/access/admit-session'
import { describeStep } from '@/server/steps/catalog'

/** What the console is made of: one of each a process. The console touches no managed system, so none is here. */
export type ConsoleWiring = {
  env: ConsoleEnv
  db: Db
  signIn: SignIn
  secondFactor: SecondFactor
  runs: RunProducer
  events: EventHub
  describeStep: StepDescriber
  clock: Clock
  log: Log
}

const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      signal?.addEventListener('abort', () => {
        clearTimeout(timer)
        resolve()
      })
    }),
}

/** A page holds a connection for milliseconds; ten serve hundreds of readers and leave room for the workers. */
const poolSize = 10

function wire(): ConsoleWiring {
  const env = consoleEnv()
  const log = createLog(env.LIFEBOAT_LOG_LEVEL)
  const db = createDb(env.LIFEBOAT_DATABASE_URL, { max: poolSize })
  const clock = systemClock
  const secondFactor = createSecondFactor(env.LIFEBOAT_SECRET)
  return {
    env,
    db,
    clock,
    log,
    describeStep,
    secondFactor,
    signIn: createSignIn({
      database: db,
      secret: env.LIFEBOAT_SECRET,
      publicUrl: env.LIFEBOAT_PUBLIC_URL,
      trustedProxies: env.LIFEBOAT_TRUSTED_PROXIES,
      now: clock.now,
      admit: (userId, code, signingIn) => admitSession({ db, clock, secondFactor }, { userId, code, signingIn }),
      log: (level, message) => (level === 'error' ? log.error(message) : log.warn(message)),
    }),
    runs: createRunProducer(env.LIFEBOAT_REDIS_URL, (message, detail) => log.warn(detail, message)),
    events: createEventHub({ databaseUrl: env.LIFEBOAT_DATABASE_URL, db, log }),
  }
}

// Next loads this module once a bundle; the process is to have one pool and one listener all the same.
declare global {
  var lifeboatConsole: ConsoleWiring | undefined
}

/** Made at the first request, not at import: a build imports every route and has no database. */
export function consoleWiring(): ConsoleWiring {
  globalThis.lifeboatConsole ??= wire()
  return globalThis.lifeboatConsole
}

/** Closes what was opened; for tests and for a clean stop. */
export async function closeConsoleWiring(): Promise<void> {
  const wiring = globalThis.lifeboatConsole
  globalThis.lifeboatConsole = undefined
  if (!wiring) return
  await wiring.events.close()
  await wiring.runs.close()
  await wiring.db.$disconnect()
}
