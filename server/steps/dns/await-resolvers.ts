import { z } from 'zod'
import { failoverInputs } from '@/server/domain/plan/failover-steps'
import { instant } from '@/server/ports/clock'
import { PortError, Terminal } from '@/server/ports/errors'
import type { Resolver } from '@/server/ports/managed'
import { defineStep, done, NotVerified, type StepContext, wait } from '../step'

const id = 'dns.await-resolvers'
type Input = z.infer<(typeof failoverInputs)[typeof id]>
const output = z.object({
  resolvers: z.array(z.object({ address: z.string(), answers: z.array(z.string()), ttlSeconds: z.number() })),
  seenAt: z.string(),
})
type Look = { address: string; answers: string[]; ttlSeconds: number } | { address: string; problem: string }

async function ask(resolver: Resolver, { name, answers }: Input): Promise<Look> {
  const { address } = resolver
  try {
    const seen = await resolver.resolve(name)
    const others = seen.answers.filter((answer) => !answers.includes(answer))
    if (seen.answers.length > 0 && others.length === 0)
      return { address, answers: seen.answers, ttlSeconds: seen.ttlSeconds }
    return { address, problem: `${address} still answers ${others.join(', ')} (TTL ${seen.ttlSeconds} s left)` }
  } catch (error) {
    if (!(error instanceof PortError)) throw error
    return { address, problem: error.message }
  }
}

async function askAll(context: StepContext, input: Input): Promise<Look[]> {
  const resolvers = context.service.resolvers.filter(({ address }) => input.resolvers.includes(address))
  if (resolvers.length < input.resolvers.length) {
    throw new Terminal('resolvers', 'The plan names resolvers that are not configured any more')
  }
  return Promise.all(resolvers.map((resolver) => ask(resolver, input)))
}

const problemsOf = (looks: Look[]) => looks.flatMap((look) => ('problem' in look ? [look.problem] : []))

/** Changes nothing: waits until every resolver that stands for the users answers the new region and nothing else. Safe to repeat; nothing to undo. */
export const awaitResolvers = defineStep({
  id,
  title: 'Wait until resolvers answer the new region',
  input: failoverInputs[id],
  output,
  precheck: async () => [],
  async run(context, input) {
    const looks = await askAll(context, input)
    const problems = problemsOf(looks)
    const there = looks.length - problems.length
    if (problems.length > 0) {
      return wait(
        100,
        `${there} of ${looks.length} resolvers answer ${input.region}; ${problems.join('; ')}`,
        there / looks.length,
      )
    }
    const resolvers = looks.flatMap((look) => ('answers' in look ? [look] : []))
    return done({ resolvers, seenAt: instant(context.clock.now()) })
  },
  async verify(context, input) {
    const problems = problemsOf(await askAll(context, input))
    if (problems.length > 0) throw new NotVerified(problems.join('; '))
  },
  compensate: { none: 'It only looks' },
  pointOfNoReturn: false,
  skippable: true,
  deadlineMs: 240_000,
  maxAttempts: 3,
  backoffMs: 300,
  describe: ({ name, answers, resolvers, ttlSeconds }) => ({
    description: `Wait until ${resolvers.join(', ')} answer ${answers.join(', ')} for ${name}; their TTL is ${ttlSeconds} s.`,
    commands: resolvers.map((resolver) => digCommand(resolver, name)),
    changes: null,
  }),
})

function digCommand(resolver: string, name: string): string[] {
  const separator = resolver.lastIndexOf(':')
  return ['dig', `@${resolver.slice(0, separator)}`, '-p', resolver.slice(separator + 1), name, 'A', '+short']
}
