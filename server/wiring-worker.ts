import pino from 'pino'
import { createAnchorStore } from '@/server/adapters/anchor-store/anchor-store'
import { systemClock } from '@/server/adapters/clock/system-clock'
import { createNames, type Names } from '@/server/adapters/names'
import { createS3Objects } from '@/server/adapters/s3-objects'
import { createSecrets, type Secrets } from '@/server/adapters/secrets'
import { createDb, type Db } from '@/server/db/client'
import type { ServiceConfig } from '@/server/domain/service-config'
import { type AnchorStoreSettings, readSecretVariable, type WorkerEnv, workerEnv } from '@/server/env'
import type { Clock } from '@/server/ports/clock'
import type { AnchorStore } from '@/server/ports/managed'
import { catalog, describeStep } from '@/server/steps/catalog'
import { type ConnectedService, connectManagedService } from '@/server/wiring-managed'

/** What a worker is made of: one of each a process. */
export type WorkerWiring = {
  env: WorkerEnv
  clock: Clock
  log: pino.Logger
  catalog: typeof catalog
  describeStep: typeof describeStep
  /** For leading runs. Apart from the other, so that no crowd of observations makes a run or its lease wait for a connection. */
  runDb: Db
  /** For everything that is seen, and what follows from it. */
  watchDb: Db
  connect(config: ServiceConfig): ConnectedService
  anchorStores: AnchorStore[]
  close(): Promise<void>
}

/** Journal writes of several services' runs, and their leases. */
const runPoolSize = 6
/** One for the journal, one for the lease beside it: a run must not begin by opening connections. */
const runPoolKept = 2
/** Each second's observations, detection and the word on the writer; more would only crowd the control database. */
const watchPoolSize = 5

/** @throws Error that names each wrong setting; nothing is connected before it is needed */
export function workerWiring(): WorkerWiring {
  const env = workerEnv()
  const log = pino({
    level: env.LIFEBOAT_LOG_LEVEL,
    base: { process: 'worker', worker: env.LIFEBOAT_WORKER_ID, vantage: env.LIFEBOAT_VANTAGE },
    timestamp: pino.stdTimeFunctions.isoTime,
  })
  const names = createNames(env.LIFEBOAT_HOSTS_FILE ?? null)
  const secrets = createSecrets(secretVariables)
  const runDb = createDb(env.LIFEBOAT_DATABASE_URL, { max: runPoolSize, kept: runPoolKept })
  const watchDb = createDb(env.LIFEBOAT_DATABASE_URL, { max: watchPoolSize })
  const anchors = env.LIFEBOAT_ANCHORS.map((settings) => connectAnchorStore(settings, names, secrets))
  return {
    env,
    clock: systemClock,
    log,
    catalog,
    describeStep,
    runDb,
    watchDb,
    connect: (config) => connectManagedService(config, { names, secrets, vantage: env.LIFEBOAT_VANTAGE }),
    anchorStores: anchors,
    async close() {
      for (const store of anchors) store.close()
      await Promise.all([runDb.$disconnect(), watchDb.$disconnect()])
    },
  }
}

/** Only variables that a configuration names as a secret are ever looked up. */
const secretVariables: Readonly<Record<string, string | undefined>> = new Proxy(
  {},
  { get: (_, name) => (typeof name === 'string' ? readSecretVariable(name) : undefined) },
)

function connectAnchorStore(settings: AnchorStoreSettings, names: Names, secrets: Secrets) {
  const { name, bucket, region, prefix, accessKeyIdRef, secretAccessKeyRef } = settings
  const keys =
    accessKeyIdRef && secretAccessKeyRef
      ? {
          accessKeyId: () => secrets.resolve(accessKeyIdRef),
          secretAccessKey: () => secrets.resolve(secretAccessKeyRef),
        }
      : null
  const endpoint = settings.endpoint ?? `https://s3.${region}.amazonaws.com`
  const store = createAnchorStore(
    name,
    createS3Objects({ endpoint, bucket, region, keys, names, system: `anchor ${name}` }),
  )
  return {
    ...store,
    putOnce: (key: string, body: string) => store.putOnce(prefix + key, body),
    get: (key: string) => store.get(prefix + key),
    list: async (keyPrefix: string) => (await store.list(prefix + keyPrefix)).map((key) => key.slice(prefix.length)),
  }
}
