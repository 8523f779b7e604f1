import type { Finding } from '../finding'
import { evacuateProblems } from './lint-evacuate'
import type { Plan } from './types'

/** What is promoted has to stand at the moment that was asked for, and to have been looked at, before anything that serves is touched. */
function rollForwardBroken({ steps }: Plan): string[] {
  const at = (...ids: string[]): number => steps.findIndex((step) => ids.includes(step.stepId))
  const [rolled, fenced] = [at('agent.roll-forward'), at('agent.fence-primary', 'platform.power-off-primary')]
  if (rolled < 0) return []
  const [held, looked] = [at('agent.hold-replay'), at('postgres.check-content')]
  if (held < 0 || held > rolled) return ['it rolls forward a standby that it does not hold first']
  if (looked < rolled || looked > fenced)
    return ['it fences the writer before it has looked at what it promotes instead']
  return []
}

/**
 * Rules that every plan must keep whatever built it: looked at when it is built, when it is asked for, and again by the executor before
 * the first step, so that a planner's mistake cannot reach a database.
 */
export function lintPlan(plan: Plan): Finding[] {
  const at = (stepId: string): number => plan.steps.findIndex((step) => step.stepId === stepId)
  const broken: string[] = []
  const keys = plan.steps.map((step) => step.key)
  if (new Set(keys).size !== keys.length) broken.push('two steps share a key')
  if (keys.join() !== [...keys].sort().join()) broken.push('steps are not in the order of their keys')
  // A restore may lead to another server beside the writer: then no traffic moves.
  const sameEnd =
    plan.kind === 'restore' ? plan.from.serverId === plan.to.serverId : plan.from.region === plan.to.region
  // A merge may put the rows back into the very server that they were read from, when that is the writer again.
  if (sameEnd && plan.kind !== 'merge') broken.push('it leads from a region to itself')

  const promote = at('postgres.promote-candidate')
  if (promote >= 0) {
    const proof = Math.max(at('postgres.verify-fence'), at('postgres.prove-handover'), at('operator.accept-unfenced'))
    if (proof < 0 || proof > promote) broken.push('it promotes without evidence of fencing before')
    if (at('operator.accept-unfenced') >= 0 && !plan.overrides.some((row) => row.code === 'fencing.not-provable')) {
      broken.push('it promotes unfenced without break-glass')
    }
    const writable = at('postgres.prove-writable')
    if (writable < promote) broken.push('it does not prove the new primary writable')
    for (const stepId of ['dns.turn-switch', 'dns.edit-records']) {
      if (at(stepId) >= 0 && at(stepId) < writable)
        broken.push('it moves traffic before the new primary was proved writable')
    }
  }
  broken.push(...evacuateProblems(plan))
  broken.push(...handoverBroken(plan))
  broken.push(...rollForwardBroken(plan))
  broken.push(...mergeBroken(plan))
  if (plan.kind === 'failback' && promote >= 0) broken.push('it promotes, and a failback never does')
  const rebuild = at('agent.rebuild-standby')
  const keep = at('agent.keep-divergence')
  if (rebuild >= 0 && (keep < 0 || keep > rebuild))
    broken.push('it rebuilds a server before what only that server has is kept')
  if (plan.steps.filter((step) => step.pointOfNoReturn).length > 1) broken.push('it has two points of no return')
  return broken.map((what) => ({
    code: 'plan.unsafe',
    severity: 'blocker',
    message: `The plan is unsafe: ${what}.`,
    remedy: 'This is a fault of Lifeboat: report it. Nothing was done.',
    observedAt: null,
    stepId: null,
  }))
}

/** Rows are put in only by a plan that was made for it, after the tables were looked at, and are read back. */
function mergeBroken(plan: Plan): string[] {
  const at = (stepId: string): number => plan.steps.findIndex((step) => step.stepId === stepId)
  const [looked, merged, back] = [at('postgres.check-merge'), at('agent.merge-rows'), at('postgres.verify-merged')]
  if (plan.kind !== 'merge') return merged < 0 ? [] : ['it puts rows in, and is no merge']
  if (merged < 0) return []
  return looked >= 0 && looked < merged && merged < back && plan.steps.length === 3
    ? []
    : ['it does not look, put in and read back in this order']
}

/** A planned handover loses nothing only in this order, and by this proof alone; whoever plans it has nothing to override. */
function handoverBroken(plan: Plan): string[] {
  const at = (stepId: string): number => plan.steps.findIndex((step) => step.stepId === stepId)
  const [stop, proof, promote] = ['agent.stop-primary', 'postgres.prove-handover', 'postgres.promote-candidate'].map(at)
  if (stop === undefined || proof === undefined || promote === undefined) return []
  if (plan.kind !== 'switchover' && stop < 0 && proof < 0) return []
  const broken: string[] = []
  if (!(stop >= 0 && stop < proof && proof < promote)) broken.push('it does not stop, prove and promote in this order')
  const evidence = plan.steps[promote]?.input.evidenceStepKey
  if (evidence === undefined || evidence !== plan.steps[proof]?.key)
    broken.push('it promotes without the proof of the handover')
  if (plan.overrides.length > 0) broken.push('it overrides rules, and planned work can wait')
  return broken
}
