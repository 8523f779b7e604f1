import { z } from 'zod'
import { switchoverInputs } from '@/server/domain/plan/switchover-steps'
import { Terminal } from '@/server/ports/errors'
import { defineStep, done, NotVerified, type StepContext, wait } from '../step'
import { rollout } from './rollout'

const id = 'workload.shrink-region'
const output = z.object({ region: z.string(), desired: z.int(), ready: z.int() })

/** A region that users are still sent to keeps its instances. */
async function expectTrafficElsewhere(context: StepContext, name: string, answers: readonly string[]): Promise<void> {
  const resolver = context.service.resolvers[0]
  if (!resolver) return
  const seen = await resolver.resolve(name)
  const elsewhere = seen.answers.length > 0 && seen.answers.every((each) => answers.includes(each))
  if (elsewhere) return
  const message = `${name} answers ${seen.answers.join(', ') || 'nothing'}: traffic has not left the region, which keeps its instances`
  throw new Terminal('workload', message)
}

/**
 * Takes a region that traffic has left back to its size as a standby. Safe to repeat: fewer than asked for is left as it is. Not undone: the region that
 * serves has what it needs.
 */
export const shrinkRegion = defineStep({
  id,
  title: 'Scale the old region to standby size',
  input: switchoverInputs[id],
  output,
  precheck: async () => [],
  async run(context, { region, replicas, name, answers }) {
    const workload = context.service.workload(region)
    const seen = await workload.observe()
    if (seen.desired > replicas) {
      await expectTrafficElsewhere(context, name, answers)
      await workload.scale(replicas, context.generation)
      return wait(50, `${seen.ready} instances in ${region}, going to ${replicas}`)
    }
    const { finished, progress, part } = rollout(seen, seen.desired)
    if (!finished) return wait(150, `${progress} in ${region} are ready`, part)
    return done({ region, desired: seen.desired, ready: seen.ready })
  },
  async verify(context, { region, replicas }) {
    const seen = await context.service.workload(region).observe()
    if (seen.desired > replicas) throw new NotVerified(`${region} is still told to run ${seen.desired} instances`)
  },
  compensate: { none: 'The region that serves has what it needs; scale this one up by hand if you want more' },
  pointOfNoReturn: false,
  skippable: true,
  deadlineMs: 600_000,
  maxAttempts: 10,
  backoffMs: 500,
  describe: ({ region, replicas, namespace, deployment }) => ({
    description: `Scale the instances in ${region} down to ${replicas}, now that traffic has left it.`,
    commands: [
      [
        'kubectl',
        '--context',
        region,
        '--namespace',
        namespace ?? 'default',
        'scale',
        `deployment/${deployment ?? `<deployment of ${region}>`}`,
        `--replicas=${replicas}`,
      ],
    ],
    changes: `${region} runs at most ${replicas} instances.`,
  }),
})
