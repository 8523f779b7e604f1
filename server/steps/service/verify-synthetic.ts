import { z } from 'zod'
import { failoverInputs } from '@/server/domain/plan/failover-steps'
import { instant } from '@/server/ports/clock'
import { defineStep, done, NotVerified, wait } from '../step'

const id = 'service.verify-synthetic'
const output = z.object({ code: z.string(), tookMs: z.number(), address: z.string(), firstGoodAt: z.string() })

/**
 * Does what a user does, through every resolver: creates a link by the public name, and follows it. Leaves one link behind for each try, which is why it changes next to
 * nothing; safe to repeat; nothing to undo. `firstGoodAt` ends the measured outage.
 */
export const verifySynthetic = defineStep({
  id,
  title: 'Verify the service as its users reach it',
  input: failoverInputs[id],
  output,
  precheck: async () => [],
  async run(context, { answers, region, ...request }) {
    const results = await Promise.all(
      context.service.resolvers.map(async (resolver) => {
        const result = await context.service.http.createAndFollow({ resolver, ...request })
        return { resolver: resolver.address, ...result, goodAt: context.clock.now() }
      }),
    )
    const problems = results.flatMap(({ resolver, ok, failure, address }) => {
      if (!ok) return [`${resolver}: ${failure ?? 'failed'}`]
      return address !== null && answers.includes(address)
        ? []
        : [`${resolver}: ${address ?? 'nobody'} answered, not ${region}`]
    })
    if (problems.length > 0) return wait(200, problems.join('; '), 1 - problems.length / results.length)
    const [first] = results.sort((a, b) => a.goodAt - b.goodAt)
    if (!first?.code || first.address === null)
      return wait(200, 'No resolver is configured to reach the service through')
    const { code, address, latencyMs, goodAt } = first
    return done({ code, address, tookMs: latencyMs, firstGoodAt: instant(goodAt) })
  },
  async verify(context, { name, port, followPath, timeoutMs }, { code }) {
    const path = followPath.replace('{code}', encodeURIComponent(code))
    for (const resolver of context.service.resolvers) {
      const seen = await context.service.http.getByName({ resolver, name, port, path, timeoutMs })
      if (seen.status === 301 || seen.status === 302) continue
      throw new NotVerified(
        `The created link does not lead anywhere through ${resolver.address}: ${seen.failure ?? seen.status}`,
      )
    }
  },
  compensate: { none: 'It leaves nothing but a link' },
  pointOfNoReturn: false,
  skippable: false,
  deadlineMs: 120_000,
  maxAttempts: 5,
  backoffMs: 300,
  describe: ({ name, port, createPath, followPath, target }) => ({
    description: `Create a link through http://${name}:${port} and follow it, through every resolver.`,
    commands: [
      [
        'curl',
        '-X',
        'POST',
        '-H',
        'Content-Type: application/json',
        '-d',
        JSON.stringify({ url: target }),
        `http://${name}:${port}${createPath}`,
      ],
      ['curl', '-I', `http://${name}:${port}${followPath}`],
    ],
    changes: null,
  }),
})
