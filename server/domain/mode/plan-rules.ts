import { lintPlan } from '../plan/lint-plan'
import type { Plan } from '../plan/types'
import type { ModeFacts } from './mode-facts'
import type { Judged, Rule } from './rule'

/** The step that fences, by how: each leaves a proof. `operator.accept-unfenced` is break-glass, and never automatic. */
const fencingSteps: Readonly<Record<string, string>> = {
  'agent.fence-primary': 'its agent',
  'platform.power-off-primary': 'the platform, which cuts its power',
  'agent.await-self-fence': 'its own time: isolated, it stops itself',
}

const withPlan =
  (judge: (plan: Plan, facts: ModeFacts) => Judged) =>
  (facts: ModeFacts): Judged =>
    facts.plan ? judge(facts.plan, facts) : { holds: null, words: 'No plan can be built from what is known now.' }

const blockersOf = (plan: Plan, prefix: string) =>
  plan.findings.filter((each) => each.severity === 'blocker' && each.code.startsWith(prefix))

/** Told by rules of their own. */
const toldElsewhere = ['candidate.', 'fencing.', 'run.already-active', 'outage.']

/** What the failover itself needs: somebody to take over, a proof that the old primary has stopped, and a plan without a blocker. */
export const planRules: readonly Rule[] = [
  {
    code: 'candidate.fit',
    scope: 'both',
    judge: withPlan((plan) => {
      const [found] = blockersOf(plan, 'candidate.')
      return found
        ? { holds: false, words: found.message, observedAt: found.observedAt }
        : {
            holds: true,
            words: `${plan.to.serverId} can take over.`,
            observedAt: plan.expected.loss.candidateLsnAt,
          }
    }),
  },
  {
    code: 'candidate.enough',
    scope: 'act',
    judge: ({ candidates, policy, to }) => ({
      holds: candidates.length >= policy.minCandidates,
      words: `${candidates.length} of ${policy.minCandidates} standbys of ${to.name} that have to be there answer.`,
      observedAt: candidates[0]?.observedAt ?? null,
    }),
  },
  {
    code: 'fencing.provable',
    scope: 'both',
    judge: withPlan((plan) => {
      const [found] = blockersOf(plan, 'fencing.')
      const how = plan.steps.flatMap((step) => fencingSteps[step.stepId] ?? [])[0]
      const unproved = plan.steps.some((step) => step.stepId === 'operator.accept-unfenced')
      const holds = !found && how !== undefined && !unproved && plan.overrides.length === 0
      return {
        holds,
        words: holds
          ? `${plan.from.serverId} can be fenced with a proof by ${how}.`
          : (found?.message ??
            `${plan.from.serverId} cannot be proved to have stopped; break-glass is never automatic.`),
        observedAt: found?.observedAt ?? null,
      }
    }),
  },
  {
    code: 'plan.sound',
    scope: 'both',
    judge: withPlan((plan) => {
      const found = [...blockersOf(plan, ''), ...lintPlan(plan)].filter(
        (each) => !toldElsewhere.some((prefix) => each.code.startsWith(prefix)),
      )
      return {
        holds: found.length === 0,
        words: found[0]?.message ?? 'Nothing else stands in the way of the plan.',
        observedAt: found[0]?.observedAt ?? null,
      }
    }),
  },
]

/** What would be lost, as far as can be known: unknown is not little. */
export const lossRule: Rule = {
  code: 'loss.within-limits',
  scope: 'act',
  judge: withPlan(({ expected }, { policy, incident, asked, nowMs }) => {
    const { certainty, bytes, seconds, primaryLsnAt } = expected.loss
    const observedAt = primaryLsnAt
    const limits = `the limits are ${policy.maxLossBytes} bytes and ${policy.maxLossSeconds} s`
    if (certainty === 'unknown' || bytes === null || primaryLsnAt === null) {
      return { holds: null, words: `How much would be lost is not known; ${limits}.`, observedAt }
    }
    const beganMs = asked === 'now' && incident ? Date.parse(incident.openedAt) : nowMs
    const sightSeconds = (beganMs - Date.parse(primaryLsnAt)) / 1000
    if (sightSeconds > policy.maxSightAgeSeconds) {
      const words = `The primary was last seen ${Math.round(sightSeconds)} s before the outage: what it wrote since is not known.`
      return { holds: false, words, observedAt }
    }
    if (bytes > policy.maxLossBytes)
      return { holds: false, words: `${bytes} bytes would be lost; ${limits}.`, observedAt }
    if (seconds === null) {
      return { holds: null, words: `${bytes} bytes would be lost, over how long is not known; ${limits}.`, observedAt }
    }
    return {
      holds: seconds <= policy.maxLossSeconds,
      words: `At most ${bytes} bytes and ${Math.round(seconds * 10) / 10} s of the last known position would be lost; ${limits}.`,
      observedAt,
    }
  }),
}
