import { z } from 'zod'
import { failoverInputs } from '@/server/domain/plan/failover-steps'
import { defineStep, done, NotVerified, wait } from '../step'
import { rollout } from './rollout'

const id = 'workload.scale-region'
const output = z.object({ region: z.string(), desired: z.int(), ready: z.int() })

/**
 * Brings the region to the number of instances that serves everyone. Safe to repeat: more than enough is left as it is, since somebody may have had a reason.
 * Not undone: too many instances harm nobody.
 */
export const scaleRegion = defineStep({
  id,
  title: 'Scale the region to serve everyone',
  input: failoverInputs[id],
  output,
  precheck: async () => [],
  async run(context, { region, replicas }) {
    const workload = context.service.workload(region)
    const seen = await workload.observe()
    if (seen.desired < replicas) {
      await workload.scale(replicas, context.generation)
      return wait(
        50,
        `${seen.ready} of ${replicas} instances in ${region} are ready`,
        Math.min(1, seen.ready / replicas),
      )
    }
    const { finished, progress, part } = rollout(seen, replicas)
    if (!finished) return wait(150, `${progress} in ${region} are ready`, part)
    return done({ region, desired: seen.desired, ready: seen.ready })
  },
  async verify(context, { region, replicas }) {
    const seen = await context.service.workload(region).observe()
    if (seen.ready < replicas)
      throw new NotVerified(`Only ${seen.ready} of ${replicas} instances in ${region} are ready`)
  },
  compensate: { none: 'Too many instances harm nobody; they are taken back after the failback' },
  pointOfNoReturn: false,
  skippable: true,
  deadlineMs: 600_000,
  maxAttempts: 10,
  backoffMs: 500,
  describe: ({ region, replicas, namespace, deployment }) => ({
    description: `Scale the instances in ${region} to ${replicas}.`,
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
    changes: `${region} runs at least ${replicas} instances.`,
  }),
})
