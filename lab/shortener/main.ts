import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { closeServer, listen } from '@/lab/http-service'
import { readSecret, runProcess, validConfig } from '@/lab/service-process'
import { LinkCache } from '@/lab/shortener/cache'
import { shortenerConfig } from '@/lab/shortener/config'
import { openDatabases } from '@/lab/shortener/database'
import { HealthCheck } from '@/lab/shortener/health'
import { HitCounter } from '@/lab/shortener/hits'
import { Links } from '@/lab/shortener/links'
import { migrateInBackground } from '@/lab/shortener/migration'
import { shortenerServer } from '@/lab/shortener/server'
import { Snowflake } from '@/lab/shortener/snowflake'

const config = validConfig('shortener', 'the environment', shortenerConfig, process.env)

function hosts(): (name: string) => string {
  if (config.HOSTS_FILE === undefined) return (name) => name
  const known = z.record(z.string(), z.string()).parse(JSON.parse(readFileSync(config.HOSTS_FILE, 'utf8')))
  return (name) => known[name] ?? name
}

// Started by a cluster, an instance has a channel to it, and ends with it: nobody would watch over it any more.
process.once('disconnect', () => process.exit(0))

void runProcess('shortener', async (logger) => {
  const addressOf = hosts()
  const databases = openDatabases(config, readSecret(config.DATABASE_PASSWORD_FILE), addressOf, logger)
  const cache = new LinkCache(
    {
      host: addressOf(config.CACHE_HOST),
      port: config.CACHE_PORT,
      password: config.CACHE_PASSWORD_FILE === undefined ? undefined : readSecret(config.CACHE_PASSWORD_FILE),
    },
    logger,
  )
  const stopMigrating = migrateInBackground(databases.writer, logger)
  const hits = new HitCounter(databases.writer)
  const links = new Links(databases, cache, hits, new Snowflake(config.DATACENTER_ID, config.INSTANCE), config.REGION)
  const server = shortenerServer(links, new HealthCheck(config, databases, cache), logger)
  await listen(server, config.HOST, config.PORT)
  logger.info({ region: config.REGION, instance: config.INSTANCE, writer: config.DATABASE_HOST }, 'serving')
  return async () => {
    stopMigrating()
    await closeServer(server, 1_500)
    await hits.close()
    cache.close()
    await databases.close()
  }
})
