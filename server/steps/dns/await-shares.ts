import { z } from 'zod'
import { evacuateInputs } from '@/server/domain/plan/evacuate-steps'
import { instant } from '@/server/ports/clock'
import { PortError, Terminal } from '@/server/ports/errors'
import type { Resolver } from '@/server/ports/managed'
import { createMemory } from '../memory'
import { defineStep, done, NotVerified, type StepContext, wait } from '../step'

const id = 'dns.await-shares'
type Input = z.infer<(typeof evacuateInputs)[typeof id]>
const output = z.object({
  looks: z.array(z.object({ resolver: z.string(), name: z.string(), clean: z.int(), seen: z.int() })),
  seenAt: z.string(),
})

/** One name at one resolver: answers without the region in a row, and how often the region was seen. */
type Count = { clean: number; seen: number; nextAt: number; problem: string | null }
type Way = { resolver: Resolver; name: string; looks: number }
const memory = createMemory<Map<string, Count>>()

function waysOf(context: StepContext, { names, resolvers }: Input): Way[] {
  const found = context.service.resolvers.filter(({ address }) => resolvers.includes(address))
  if (found.length < resolvers.length) {
    throw new Terminal('resolvers', 'The plan names resolvers that are not configured any more')
  }
  return found.flatMap((resolver) => names.map((each) => ({ resolver, ...each })))
}

/** Within its TTL a resolver repeats itself: only an answer that it had to fetch anew counts as another look. */
async function look(context: StepContext, input: Input, { resolver, name }: Way, count: Count): Promise<void> {
  const askedAt = context.clock.now()
  if (askedAt < count.nextAt) return
  try {
    const { answers, ttlSeconds } = await resolver.resolve(name)
    count.nextAt = askedAt + Math.max(50, ttlSeconds * 1000)
    count.problem = null
    if (answers.some((answer) => input.answers.includes(answer))) {
      count.clean = 0
      count.seen += 1
    } else count.clean += 1
  } catch (error) {
    if (!(error instanceof PortError)) throw error
    count.problem = error.message
    count.nextAt = askedAt + 200
  }
}

/**
 * Changes nothing: waits until no resolver that stands for the users leads to the evacuated region any more, or until the region brought back was seen again. Weighted
 * answers are drawn by lot, so several looks, a TTL apart, must agree. Safe to repeat; nothing to undo.
 */
export const awaitShares = defineStep({
  id,
  title: 'See the shift at the resolvers',
  input: evacuateInputs[id],
  output,
  precheck: async () => [],
  async run(context, input) {
    const ways = waysOf(context, input)
    const counts = memory.get(context, id) ?? new Map<string, Count>()
    memory.set(context, id, counts)
    const rows = await Promise.all(
      ways.map(async (way) => {
        const key = `${input.direction} ${way.resolver.address} ${way.name}`
        const count = counts.get(key) ?? { clean: 0, seen: 0, nextAt: 0, problem: null }
        counts.set(key, count)
        await look(context, input, way, count)
        return { way, count }
      }),
    )
    const problem = rows.find(({ count }) => count.problem !== null)?.count.problem
    const ready = rows.filter(({ way, count }) =>
      input.direction === 'out'
        ? count.clean >= way.looks
        : rows.some((each) => each.way.name === way.name && each.count.seen > 0),
    )
    if (ready.length < rows.length) {
      const what = input.direction === 'out' ? `have left ${input.region}` : `know ${input.region} again`
      const said = `${ready.length} of ${rows.length} ways by a resolver ${what}${problem ? `; ${problem}` : ''}`
      return wait(150, said, ready.length / rows.length)
    }
    memory.forget(context, id)
    return done({
      looks: rows.map(({ way, count }) => ({
        resolver: way.resolver.address,
        name: way.name,
        clean: count.clean,
        seen: count.seen,
      })),
      seenAt: instant(context.clock.now()),
    })
  },
  async verify(context, input) {
    if (input.direction === 'back') return
    for (const { resolver, name } of waysOf(context, input)) {
      const { answers } = await resolver.resolve(name)
      if (!answers.some((answer) => input.answers.includes(answer))) continue
      throw new NotVerified(`${resolver.address} answers ${answers.join(', ')} for ${name}`)
    }
  },
  compensate: { none: 'It only looks' },
  pointOfNoReturn: false,
  skippable: true,
  deadlineMs: 600_000,
  maxAttempts: 3,
  backoffMs: 300,
  describe: ({ names, region, direction, resolvers, ttlSeconds }) => ({
    description: `${direction === 'out' ? `See that ${resolvers.join(', ')} no longer lead to ${region}` : `See ${region} again at one of ${resolvers.join(', ')}`} for ${names.map((each) => each.name).join(' and ')}; their TTL is ${ttlSeconds} s.`,
    commands: resolvers.flatMap((resolver) => names.map(({ name }) => digCommand(resolver, name))),
    changes: null,
  }),
})

function digCommand(resolver: string, name: string): string[] {
  const separator = resolver.lastIndexOf(':')
  return ['dig', `@${resolver.slice(0, separator)}`, '-p', resolver.slice(separator + 1), name, 'A', '+short']
}
