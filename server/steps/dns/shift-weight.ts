import { z } from 'zod'
import { sameWeights, type Weights } from '@/server/domain/evacuation'
import { evacuateInputs } from '@/server/domain/plan/evacuate-steps'
import { Terminal } from '@/server/ports/errors'
import { defineStep, done, NotVerified, type StepContext } from '../step'
import { changedMeanwhile, gainingRegionFindings, readSets, submitAndWait } from './shift'

const id = 'dns.shift-weight'
type Input = z.infer<(typeof evacuateInputs)[typeof id]>
const output = z.object({ name: z.string(), weights: z.record(z.string(), z.int()), changeId: z.string() })

async function weightsNow(context: StepContext, input: Input): Promise<Weights> {
  const sets = await readSets(context, input, Object.keys(input.after))
  return Object.fromEntries(
    Object.entries(sets).map(([setIdentifier, { weight }]) => {
      if (weight === null) throw new Terminal('route53', `${setIdentifier} of ${input.name} has no weight any more`)
      return [setIdentifier, weight]
    }),
  )
}

const text = (weights: Weights) =>
  Object.entries(weights)
    .map(([setIdentifier, weight]) => `${setIdentifier} ${weight}`)
    .join(', ')

function shiftTo(context: StepContext, { name, zoneId }: Input, weights: Weights) {
  const comment = `Lifeboat run ${context.runId}: ${name} to ${text(weights)}`
  const submit = () => context.service.authority.setWeights(zoneId, name, weights, comment)
  return submitAndWait(context, { name, towards: text(weights), submit }, (changeId) => ({ name, weights, changeId }))
}

/**
 * Sets the weights of one name, all in one change, and waits until every name server has them. Safe to repeat: it says where the weights shall be, not by how much they
 * move. Undoing puts the weights back that were there before the run, unless somebody else has changed them since.
 */
export const shiftWeight = defineStep({
  id,
  title: 'Shift weight between the regions',
  input: evacuateInputs[id],
  output,
  async precheck(context, input) {
    const now = await weightsNow(context, input)
    if (sameWeights(now, input.after)) return []
    const gaining = await gainingRegionFindings(context, id, input)
    return sameWeights(now, input.before) ? gaining : [changedMeanwhile(id, input.name, text(now)), ...gaining]
  },
  run: (context, input) => shiftTo(context, input, input.after),
  async verify(context, input) {
    const now = await weightsNow(context, input)
    if (!sameWeights(now, input.after)) throw new NotVerified(`The weights of ${input.name} are ${text(now)}`)
  },
  compensate: {
    how: 'The weights from before the run are set again.',
    async run(context, input) {
      const now = await weightsNow(context, input)
      const ours = [input.before, input.after, input.original].some((each) => sameWeights(now, each))
      if (!ours) {
        throw new Terminal(
          'route53',
          `Somebody changed the weights of ${input.name} to ${text(now)}; they were left so`,
        )
      }
      const result = await shiftTo(context, input, input.original)
      return result.kind === 'done' ? done(null) : result
    },
    async verify(context, input) {
      const now = await weightsNow(context, input)
      if (!sameWeights(now, input.original)) throw new NotVerified(`The weights of ${input.name} are ${text(now)}`)
    },
  },
  pointOfNoReturn: false,
  skippable: false,
  deadlineMs: 180_000,
  maxAttempts: 5,
  backoffMs: 500,
  describe: ({ name, zoneId, region, percent, after }) => ({
    description: `Set the weights of ${name} to ${text(after)}: ${percent} percent of its normal weight for ${region}. Wait until the change is in sync.`,
    commands: recordCommands(zoneId),
    changes: `${name} answers with the weights ${text(after)}.`,
  }),
})

export function recordCommands(zoneId: string): string[][] {
  const change = ['aws', 'route53', 'change-resource-record-sets', '--hosted-zone-id', zoneId]
  return [
    [...change, '--change-batch', 'file://change.json'],
    ['aws', 'route53', 'wait', 'resource-record-sets-changed', '--id', '<change id>'],
  ]
}
