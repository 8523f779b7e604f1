import { z } from 'zod'
import { evacuateInputs } from '@/server/domain/plan/evacuate-steps'
import { Terminal } from '@/server/ports/errors'
import type { RecordAnswer } from '@/server/ports/managed'
import { defineStep, done, NotVerified, type StepContext } from '../step'
import { changedMeanwhile, gainingRegionFindings, readSets, submitAndWait } from './shift'
import { recordCommands } from './shift-weight'

const id = 'dns.shift-places'
type Input = z.infer<(typeof evacuateInputs)[typeof id]>
type Answers = Input['after']
const output = z.object({ name: z.string(), places: z.array(z.string()), changeId: z.string() })

async function answersNow(context: StepContext, input: Input): Promise<Answers> {
  const sets = await readSets(context, input, Object.keys(input.after))
  return Object.fromEntries(
    Object.entries(sets).map(([setIdentifier, { values, healthCheckId }]) => [
      setIdentifier,
      { values, healthCheckId },
    ]),
  )
}

const one = ({ values, healthCheckId }: RecordAnswer) =>
  `${[...values].sort().join(' ')} (${healthCheckId ?? 'unchecked'})`
const text = (answers: Answers) =>
  Object.keys(answers)
    .sort()
    .map((setIdentifier) => `${setIdentifier} ${one(answers[setIdentifier] ?? { values: [], healthCheckId: null })}`)
    .join(', ')
const same = (a: Answers, b: Answers) => text(a) === text(b)

function shiftTo(context: StepContext, { name, zoneId }: Input, answers: Answers) {
  const comment = `Lifeboat run ${context.runId}: ${text(answers)}`
  const submit = () => context.service.authority.setGeoAnswers(zoneId, name, answers, comment)
  const places = Object.keys(answers)
  return submitAndWait(context, { name, towards: text(answers), submit }, (changeId) => ({ name, places, changeId }))
}

/**
 * Lets the places of a geolocation name that one region answered be answered by the other (or by their own again), each with the health check that goes with the answer.
 * Safe to repeat: it says what shall be answered. Undoing gives the answers back that the plan found, unless somebody else has changed them since.
 */
export const shiftPlaces = defineStep({
  id,
  title: 'Shift places to the other region',
  input: evacuateInputs[id],
  output,
  async precheck(context, input) {
    const now = await answersNow(context, input)
    if (same(now, input.after)) return []
    const gaining = await gainingRegionFindings(context, id, input)
    return same(now, input.before) ? gaining : [changedMeanwhile(id, input.name, text(now)), ...gaining]
  },
  run: (context, input) => shiftTo(context, input, input.after),
  async verify(context, input) {
    const now = await answersNow(context, input)
    if (!same(now, input.after)) throw new NotVerified(`${input.name} answers ${text(now)}`)
  },
  compensate: {
    how: 'The answers from before the run are given again.',
    async run(context, input) {
      const now = await answersNow(context, input)
      if (!same(now, input.before) && !same(now, input.after)) {
        throw new Terminal('route53', `Somebody changed ${input.name} to ${text(now)}; it was left so`)
      }
      const result = await shiftTo(context, input, input.before)
      return result.kind === 'done' ? done(null) : result
    },
    async verify(context, input) {
      const now = await answersNow(context, input)
      if (!same(now, input.before)) throw new NotVerified(`${input.name} answers ${text(now)}`)
    },
  },
  pointOfNoReturn: false,
  skippable: false,
  deadlineMs: 180_000,
  maxAttempts: 5,
  backoffMs: 500,
  describe: ({ name, zoneId, gainingRegion, after }) => ({
    description: `Let ${gainingRegion} answer these places of ${name}: ${text(after)}. Wait until the change is in sync.`,
    commands: recordCommands(zoneId),
    changes: `${name} answers ${gainingRegion} for ${Object.keys(after).join(', ')}.`,
  }),
})
