import { z } from 'zod'
import { isStale, probeFacts } from '@/server/domain/observation'
import { failoverInputs } from '@/server/domain/plan/failover-steps'
import { instant } from '@/server/ports/clock'
import { Terminal } from '@/server/ports/errors'
import { defineStep, done, NotVerified, type StepContext, wait } from '../step'

const input = failoverInputs['service.confirm-outage']
const output = z.object({
  region: z.string(),
  confirmedAt: z.string(),
  seen: z.array(
    z.object({ vantage: z.string(), failure: z.string(), observedAt: z.string(), consecutiveFailures: z.int() }),
  ),
})
type Input = z.infer<typeof input>
type Failing = z.infer<typeof output>['seen'][number]
type Sight = { failing: Failing[]; answering: { vantage: string; observedAt: string }[] }

/** The newest look of each counted vantage point. Stale ones and those that did not look count for neither side. */
async function look(context: StepContext, { region, vantagePoints }: Input): Promise<Sight> {
  const observations = await context.observations.latest('endpoint', region)
  const sight: Sight = { failing: [], answering: [] }
  for (const vantage of vantagePoints) {
    const seen = observations.find((each) => each.vantage === vantage)
    if (!seen || isStale(seen, context.clock.now())) continue
    const { observedAt } = seen
    const facts = probeFacts.safeParse(seen.facts)
    if (seen.ok) sight.answering.push({ vantage, observedAt })
    else if (facts.success && facts.data.consecutiveFailures >= 1) {
      const { consecutiveFailures } = facts.data
      sight.failing.push({ vantage, observedAt, consecutiveFailures, failure: seen.failure ?? 'no reason given' })
    }
  }
  return sight
}

/** A good look that is older than somebody's failing look may be from before the outage: only the newest word counts. */
function newestAnswer({ failing, answering }: Sight): string | null {
  const lastFailure = Math.max(0, ...failing.map(({ observedAt }) => Date.parse(observedAt)))
  return answering.find(({ observedAt }) => Date.parse(observedAt) >= lastFailure)?.vantage ?? null
}

/**
 * Changes nothing: reads what the vantage points have seen of the region's endpoint. Safe to repeat; nothing to undo.
 * A region that answers anybody is not lost: it is left by a switchover, which loses nothing.
 */
export const confirmOutage = defineStep({
  id: 'service.confirm-outage',
  title: 'Confirm the outage from several vantage points',
  input,
  output,
  precheck: async () => [],
  async run(context, { region, quorum, ...rest }) {
    const sight = await look(context, { region, quorum, ...rest })
    const answering = newestAnswer(sight)
    if (answering !== null) {
      throw new Terminal(`region ${region}`, `The region answers from ${answering}: use a switchover. Nothing was done`)
    }
    const { failing } = sight
    if (failing.length >= quorum) return done({ region, confirmedAt: instant(context.clock.now()), seen: failing })
    return wait(200, `${failing.length} of ${quorum} vantage points see ${region} failing`, failing.length / quorum)
  },
  async verify(context, given) {
    const answering = newestAnswer(await look(context, given))
    if (answering !== null) throw new NotVerified(`${given.region} answers from ${answering} again`)
  },
  compensate: { none: 'It only looks' },
  pointOfNoReturn: false,
  skippable: false,
  deadlineMs: 60_000,
  maxAttempts: 2,
  backoffMs: 500,
  describe: ({ region, vantagePoints, quorum, healthUrl }) => ({
    description: `See that ${region} does not answer from ${quorum} of ${vantagePoints.join(', ')}.`,
    commands: [['curl', '--max-time', '5', '--fail', healthUrl ?? `<endpoint of ${region}>/health`]],
    changes: null,
  }),
})
