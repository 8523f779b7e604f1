import { failoverInputs, fenceEvidence } from '@/server/domain/plan/failover-steps'
import { instant } from '@/server/ports/clock'
import { askDirectly } from '../postgres/ask-directly'
import { defineStep, done, NotVerified } from '../step'

const id = 'operator.accept-unfenced'

/**
 * Changes nothing: puts into the record that the approved plan goes on without proof of fencing, what that risks, and what the old primary answers at this moment.
 * Who accepted it is in the approval of this plan. Safe to repeat; nothing to undo.
 */
export const acceptUnfenced = defineStep({
  id,
  title: 'Record that an unfenced old primary was accepted',
  input: failoverInputs[id],
  output: fenceEvidence,
  precheck: async () => [],
  async run(context, { serverId, risk }) {
    const answer = await askDirectly(context, serverId).catch((error: unknown) => ({
      words: `A direct connection could not be judged: ${error instanceof Error ? error.message : 'unknown error'}`,
    }))
    const at = instant(context.clock.now())
    const facts = [
      { what: 'risk accepted by the approval of this plan', seen: risk, at },
      { what: `direct connection to ${serverId}`, seen: answer.words, at },
    ]
    return done({ method: 'accepted-risk' as const, serverId, facts, provedAt: at })
  },
  async verify(_context, { serverId, risk }, evidence) {
    if (evidence.serverId !== serverId || evidence.facts[0]?.seen !== risk) {
      throw new NotVerified('The record is not about the risk that was approved')
    }
  },
  compensate: { none: 'It only records' },
  pointOfNoReturn: false,
  skippable: false,
  deadlineMs: 30_000,
  maxAttempts: 1,
  backoffMs: 500,
  describe: ({ serverId, region, risk }) => ({
    description: `Go on although nothing proves that ${serverId} in ${region} is fenced. ${risk}`,
    commands: [],
    changes: null,
  }),
})
