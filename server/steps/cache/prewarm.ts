import { z } from 'zod'
import { failoverInputs } from '@/server/domain/plan/failover-steps'
import { defineStep, done, NotVerified } from '../step'

const id = 'cache.prewarm'
const output = z.object({
  region: z.string(),
  written: z.int(),
  /** Evenly taken from what was written; counted again to verify. */
  sample: z.array(z.string()),
})
const sampleSize = 100
/** Memory limits may have evicted some meanwhile; less than this is no warm cache. */
const expectedShare = 0.95

/**
 * Writes the hottest pairs into the region's cache, so that the first minutes do not fall on the database. Safe to repeat: the same keys are written again.
 * Nothing to undo: entries expire. May be skipped: a cold cache costs speed, not the service.
 */
export const prewarmCache = defineStep({
  id,
  title: 'Prewarm the cache',
  input: failoverInputs[id],
  output,
  precheck: async () => [],
  async run(context, { region, serverId, query, limit, ttlSeconds }) {
    const cache = context.service.cache(region)
    const pairs = cache === null ? [] : await context.service.postgres(serverId).readPairs(query, limit)
    if (cache === null || pairs.length === 0) return done({ region, written: 0, sample: [] })
    const written = await cache.prewarm(pairs, ttlSeconds)
    const every = Math.max(1, Math.ceil(pairs.length / sampleSize))
    const sample = pairs.filter((_, index) => index % every === 0).map(({ key }) => key)
    return done({ region, written, sample: [...new Set(sample)] })
  },
  async verify(context, { region }, { sample }) {
    const cache = context.service.cache(region)
    if (cache === null || sample.length === 0) return
    const found = await cache.count(sample)
    if (found < expectedShare * sample.length) {
      throw new NotVerified(`The cache of ${region} holds ${found} of ${sample.length} sampled keys`)
    }
  },
  compensate: { none: 'Entries expire by themselves' },
  pointOfNoReturn: false,
  skippable: true,
  deadlineMs: 60_000,
  maxAttempts: 2,
  backoffMs: 300,
  describe: ({ region, serverId, limit, ttlSeconds, cacheAddress }) => ({
    description: `Read the ${limit} hottest pairs from ${serverId} and put them into the cache of ${region}.`,
    commands: [
      [
        'redis-cli',
        '-u',
        `redis://${cacheAddress ?? `<cache of ${region}>`}`,
        'SET',
        '<key>',
        '<value>',
        'EX',
        String(ttlSeconds),
      ],
    ],
    changes: `The cache of ${region} holds up to ${limit} more keys.`,
  }),
})
