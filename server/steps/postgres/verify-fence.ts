import type { z } from 'zod'
import { type FenceEvidence, failoverInputs, fenceEvidence } from '@/server/domain/plan/failover-steps'
import { instant } from '@/server/ports/clock'
import { Terminal, Transient } from '@/server/ports/errors'
import { isHeldDown, observeIfReachable } from '../agent/observe-if-reachable'
import { defineStep, done, NotVerified, type StepContext } from '../step'
import { askDirectly, type DirectAnswer } from './ask-directly'
import { factsByMethod } from './fence-facts'

const id = 'postgres.verify-fence'
type Input = z.infer<(typeof failoverInputs)[typeof id]>

/** What the server itself answers. Anything but silence contradicts a fence, except a refusal where the power was cut and another may have its address. */
function judgeAnswer({ serverId, method }: Input, answer: DirectAnswer): void {
  const system = `postgres ${serverId}`
  if (answer.kind === 'accepts-writes') {
    throw new Terminal(system, `The old primary ${serverId} still accepts writes. Nothing was promoted`)
  }
  if (answer.kind === 'changing') throw new Transient(system, `${serverId} is not settled. ${answer.words}`)
  if (answer.kind === 'refuses-writes' && method !== 'platform') {
    throw new Transient(system, `${serverId} was stopped, but answers. ${answer.words}`)
  }
}

async function gather(context: StepContext, input: Input): Promise<FenceEvidence['facts']> {
  const fence = context.outputs[input.fenceStepKey]
  if (fence === undefined || fence === null) {
    throw new Terminal(id, `The fencing step ${input.fenceStepKey} is not done in this run; there is nothing to verify`)
  }
  const [facts, answer] = await Promise.all([
    factsByMethod[input.method](context, input, fence),
    askDirectly(context, input.serverId),
  ])
  judgeAnswer(input, answer)
  return [
    ...facts,
    { what: `direct connection to ${input.serverId}`, seen: answer.words, at: instant(context.clock.now()) },
  ]
}

/**
 * Changes nothing: proves that the old primary cannot take writes, by another way than the one that fenced it. Safe to repeat; nothing to undo.
 * Unreachable is not dead: silence counts only beside a fact that explains it.
 */
export const verifyFence = defineStep({
  id,
  title: 'Prove that the old primary is fenced',
  input: failoverInputs[id],
  output: fenceEvidence,
  precheck: async () => [],
  async run(context, input) {
    const facts = await gather(context, input)
    const provedAt = instant(context.clock.now())
    return done({ method: input.method, serverId: input.serverId, facts, provedAt })
  },
  async verify(context, { serverId }) {
    const [answer, seen] = await Promise.all([askDirectly(context, serverId), observeIfReachable(context, serverId)])
    if (answer.kind === 'accepts-writes') throw new NotVerified(`The old primary ${serverId} accepts writes again`)
    if (seen !== null && seen.role === 'primary' && !isHeldDown(seen)) {
      throw new NotVerified(`The agent of ${serverId} sees it running as a primary`)
    }
  },
  compensate: { none: 'It only looks' },
  pointOfNoReturn: false,
  skippable: false,
  deadlineMs: 60_000,
  maxAttempts: 20,
  backoffMs: 200,
  describe: ({ serverId, method, hostId }) => ({
    description: `Prove that ${serverId} cannot take writes: what ${method === 'platform' ? 'the platform' : method === 'agent' ? 'its agent' : 'the elapsed time'} says, and no answer to a direct connection.`,
    commands: [
      ...(method === 'platform' && hostId !== null
        ? [
            [
              'aws',
              'ec2',
              'describe-instances',
              '--instance-ids',
              hostId,
              '--query',
              'Reservations[].Instances[].State.Name',
            ],
          ]
        : []),
      ['psql', '-h', serverId, '-c', 'SELECT pg_current_xact_id()'],
    ],
    changes: null,
  }),
})
