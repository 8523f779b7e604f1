import type { z } from 'zod'
import { compareLsn } from '@/server/domain/lsn'
import { failbackInputs, smokeOutput } from '@/server/domain/plan/failback-steps'
import { Transient } from '@/server/ports/errors'
import { defineStep, done, NotVerified, type StepContext } from '../step'

const id = 'service.smoke-test'
type Input = z.infer<(typeof failbackInputs)[typeof id]>

/** Creates a link as a user does, on the writer, through the public name. */
async function createLink(context: StepContext, input: Input): Promise<string> {
  const [resolver] = context.service.resolvers
  if (!resolver) throw new Transient('resolvers', 'No resolver is configured to reach the service through')
  const { name, port, createPath, followPath, target, timeoutMs } = input
  const result = await context.service.http.createAndFollow({
    ...{ resolver, name, port, createPath, followPath, target, timeoutMs },
  })
  if (!result.ok || result.code === null) {
    throw new Transient('service', `No link could be created through ${name}: ${result.failure ?? 'failed'}`)
  }
  return result.code
}

/** From the moment after the link was there, until the standby has replayed the primary's position of that moment. */
async function awaitSeen(context: StepContext, input: Input, startedAt: number): Promise<{ lsn: string; ms: number }> {
  const { currentLsn: lsn } = await context.service.postgres(input.primaryServerId).identify()
  if (lsn === null) throw new Transient('postgres', `${input.primaryServerId} does not answer as a primary`)
  for (;;) {
    const { replayedLsn } = await context.service.postgres(input.standbyServerId).identify()
    const ms = context.clock.now() - startedAt
    if (replayedLsn !== null && compareLsn(replayedLsn, lsn) >= 0) return { lsn, ms }
    if (ms > input.seenWithinMs) {
      const message = `A new link was not on ${input.standbyServerId} after ${ms} ms; ${input.seenWithinMs} are allowed`
      throw new Transient(`postgres ${input.standbyServerId}`, message)
    }
    await context.clock.sleep(20, context.signal)
  }
}

const followUrl = ({ endpointUrl, followPath }: Input, code: string): string =>
  new URL(followPath.replace('{code}', encodeURIComponent(code)), endpointUrl).href

async function follow(context: StepContext, input: Input, code: string): Promise<string | null> {
  const url = followUrl(input, code)
  const seen = await context.service.http.get(url, input.timeoutMs)
  return seen.status === 301 || seen.status === 302 ? null : (seen.failure ?? `answered ${seen.status}`)
}

/**
 * Creates a link through the public name, sees it on the returned standby in time, and follows it at the returned region's own endpoint. Leaves one link behind
 * for each try; safe to repeat; nothing to undo.
 */
export const smokeTest = defineStep({
  id,
  title: 'Create on the writer, follow from the returned region',
  input: failbackInputs[id],
  output: smokeOutput,
  precheck: async () => [],
  async run(context, input) {
    const code = await createLink(context, input)
    const { lsn, ms } = await awaitSeen(context, input, context.clock.now())
    const failure = await follow(context, input, code)
    if (failure !== null) {
      throw new Transient('service', `The link ${code} does not lead anywhere through ${input.region}: ${failure}`)
    }
    return done({ code, createdAtLsn: lsn, seenAfterMs: ms, followedThrough: input.endpointUrl })
  },
  async verify(context, input, { code }) {
    const failure = await follow(context, input, code)
    if (failure !== null)
      throw new NotVerified(`The link ${code} does not lead anywhere through ${input.region}: ${failure}`)
  },
  compensate: { none: 'It leaves nothing but a link' },
  pointOfNoReturn: false,
  skippable: true,
  deadlineMs: 60_000,
  maxAttempts: 10,
  backoffMs: 500,
  describe: ({ name, port, createPath, followPath, endpointUrl, region, seenWithinMs }) => ({
    description: `Create a link through ${name}, see it on the standby within ${seenWithinMs} ms, and follow it through ${region}.`,
    commands: [
      ['curl', '-X', 'POST', `http://${name}:${port}${createPath}`],
      ['curl', '-I', `${endpointUrl.replace(/\/$/, '')}${followPath}`],
    ],
    changes: null,
  }),
})
