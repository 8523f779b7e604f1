import { z } from 'zod'
import { failoverInputs } from '@/server/domain/plan/failover-steps'
import { defineStep, done, NotVerified, wait } from '../step'
import { hasEnvironment, rollout } from './rollout'

const id = 'workload.point-at-primary'
const output = z.object({
  region: z.string(),
  desired: z.int(),
  ready: z.int(),
  environment: z.record(z.string(), z.string()),
})
type Input = z.infer<(typeof failoverInputs)[typeof id]>

const writerOf = ({ hostEnv, portEnv, host, port }: Input): Record<string, string> => ({
  [hostEnv]: host,
  [portEnv]: String(port),
})

/**
 * Tells the region's instances where the writer is now, and waits until each of them runs with it. Safe to repeat: instances that have the address are left alone.
 * Not undone: after the promotion there is no other writer to point at.
 */
export const pointAtPrimary = defineStep({
  id,
  title: 'Point the applications at the new primary',
  input: failoverInputs[id],
  output,
  precheck: async () => [],
  async run(context, input) {
    const workload = context.service.workload(input.region)
    const wanted = writerOf(input)
    const seen = await workload.observe()
    if (!hasEnvironment(seen, wanted)) {
      await workload.configure(wanted, context.generation)
      return wait(50, `0 of ${seen.desired} instances in ${input.region} know the new primary`, 0)
    }
    const { finished, progress, part } = rollout(seen, seen.desired)
    if (!finished) return wait(150, `${progress} in ${input.region} know the new primary`, part)
    return done({ region: input.region, desired: seen.desired, ready: seen.ready, environment: wanted })
  },
  async verify(context, input) {
    const seen = await context.service.workload(input.region).observe()
    if (!hasEnvironment(seen, writerOf(input)) || !seen.settled || seen.ready !== seen.updated) {
      throw new NotVerified(`Not every instance in ${input.region} runs with the new primary's address`)
    }
  },
  compensate: { none: 'After the promotion there is no other writer to point at' },
  pointOfNoReturn: false,
  skippable: false,
  deadlineMs: 120_000,
  maxAttempts: 10,
  backoffMs: 300,
  describe: ({ region, serverId, host, port, hostEnv, portEnv, namespace, deployment }) => ({
    description: `Set ${hostEnv} and ${portEnv} of the instances in ${region} to ${serverId} and roll them.`,
    commands: [
      [
        'kubectl',
        '--context',
        region,
        '--namespace',
        namespace ?? 'default',
        'set',
        'env',
        `deployment/${deployment ?? `<deployment of ${region}>`}`,
        `${hostEnv}=${host}`,
        `${portEnv}=${port}`,
      ],
      [
        'kubectl',
        '--context',
        region,
        '--namespace',
        namespace ?? 'default',
        'rollout',
        'status',
        `deployment/${deployment ?? `<deployment of ${region}>`}`,
      ],
    ],
    changes: `The instances in ${region} are replaced, one after the other.`,
  }),
})
