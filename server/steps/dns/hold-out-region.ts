import { z } from 'zod'
import { failbackInputs } from '@/server/domain/plan/failback-steps'
import { Terminal, Unreachable } from '@/server/ports/errors'
import type { TrafficSwitch } from '@/server/ports/managed'
import { blocker } from '../blocker'
import { defineStep, done, NotVerified, type StepContext } from '../step'

const id = 'dns.hold-out-region'
const output = z.object({ region: z.string(), switch: z.enum(['off', 'taken-away', 'unreachable']) })

function switchOf(context: StepContext): TrafficSwitch {
  if (context.service.trafficSwitch) return context.service.trafficSwitch
  throw new Terminal('traffic switch', 'No traffic switch is configured; nothing was changed')
}

/**
 * Takes away the switch that an earlier run left in the returned region's store, which would call users back to it. Safe to repeat: a switch that is off stays off, and
 * one that a newer run has set is refused. A store that does not answer calls nobody. Not undone: nobody may be led into a region that has no writer.
 */
export const holdOutRegion = defineStep({
  id,
  title: 'Keep users out of the returned region',
  input: failbackInputs[id],
  output,
  async precheck(context) {
    if (context.service.trafficSwitch) return []
    return [blocker(id, 'dns.no-switch', 'No traffic switch is configured.', 'Use the redirect method "record".')]
  },
  async run(context, { region }) {
    try {
      if (!(await switchOf(context).read(region)).set) return done({ region, switch: 'off' as const })
      await switchOf(context).clear(region, context.generation, context.runId)
      return done({ region, switch: 'taken-away' as const })
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error
      return done({ region, switch: 'unreachable' as const })
    }
  },
  async verify(context, { region }) {
    try {
      if ((await switchOf(context).read(region)).set)
        throw new NotVerified(`The switch in ${region}'s store is still set`)
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error
    }
  },
  compensate: { none: 'Nobody may be led into a region that has no writer' },
  pointOfNoReturn: false,
  skippable: false,
  deadlineMs: 60_000,
  maxAttempts: 10,
  backoffMs: 300,
  describe: ({ region, bucket, switchKey }) => ({
    description: `Take away the traffic switch that an earlier run may have left in the store of ${region}, so that nobody is led there.`,
    commands: [
      [
        'aws',
        's3api',
        'delete-object',
        '--bucket',
        bucket ?? `<bucket of ${region}>`,
        '--key',
        switchKey ?? '<switch>',
      ],
    ],
    changes: `Users are not called back to ${region}.`,
  }),
})
