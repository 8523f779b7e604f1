import { z } from 'zod'
import { failoverInputs } from '@/server/domain/plan/failover-steps'
import { StaleGeneration, Terminal, Unreachable } from '@/server/ports/errors'
import type { TrafficSwitch } from '@/server/ports/managed'
import { blocker } from '../blocker'
import { requireWritableProof } from '../evidence'
import { defineStep, done, NotVerified, type StepContext } from '../step'

const id = 'dns.turn-switch'
const output = z.object({
  toRegion: z.string(),
  generation: z.int(),
  /** Whether the opposite switch, which would hold traffic back, could be made sure to be off. */
  opposite: z.enum(['off', 'unreachable']),
})

function switchOf(context: StepContext): TrafficSwitch {
  if (context.service.trafficSwitch) return context.service.trafficSwitch
  throw new Terminal('traffic switch', 'No traffic switch is configured; traffic was not moved')
}

/** A store that died with its region cannot hold traffic back: what cannot be read is not set. */
async function clearOpposite(context: StepContext, region: string): Promise<'off' | 'unreachable'> {
  try {
    if ((await switchOf(context).read(region)).set) {
      await switchOf(context).clear(region, context.generation, context.runId)
    }
    return 'off'
  } catch (error) {
    if (error instanceof StaleGeneration || !(error instanceof Unreachable)) throw error
    return 'unreachable'
  }
}

/**
 * Turns the switch in the surviving region's store: the prepared records then answer that region, without any edit of records. Safe to repeat: a switch that
 * this run has turned stays. Not undone: after the promotion, traffic has nowhere else to go.
 */
export const turnSwitch = defineStep({
  id,
  title: 'Turn traffic to the new region',
  input: failoverInputs[id],
  output,
  async precheck(context) {
    if (context.service.trafficSwitch) return []
    return [blocker(id, 'dns.no-switch', 'No traffic switch is configured.', 'Use the redirect method "record".')]
  },
  async run(context, { fromRegion, toRegion, writableStepKey }) {
    requireWritableProof(context, writableStepKey, toRegion)
    const [opposite] = await Promise.all([
      clearOpposite(context, fromRegion),
      switchOf(context).set(toRegion, context.generation, context.runId),
    ])
    return done({ toRegion, generation: context.generation, opposite })
  },
  async verify(context, { toRegion }) {
    const seen = await switchOf(context).read(toRegion)
    if (!seen.set || seen.generation !== context.generation) {
      throw new NotVerified(`The store of ${toRegion} does not hold the switch of generation ${context.generation}`)
    }
  },
  compensate: { none: 'After the promotion, traffic has nowhere else to go' },
  pointOfNoReturn: false,
  skippable: false,
  deadlineMs: 60_000,
  maxAttempts: 10,
  backoffMs: 300,
  describe: ({ name, fromRegion, toRegion, bucket, switchKey }) => ({
    description: `Set the traffic switch in the store of ${toRegion}, so that ${name} stops answering ${fromRegion}.`,
    commands: [
      [
        'aws',
        's3api',
        'put-object',
        '--bucket',
        bucket ?? `<bucket of ${toRegion}>`,
        '--key',
        switchKey ?? '<switch>',
        '--body',
        'switch.json',
      ],
    ],
    changes: `${name} answers ${toRegion} as soon as the health check has turned.`,
  }),
})
