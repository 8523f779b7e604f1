import type { Finding } from '../finding'
import type { Plan } from './types'

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
  if (plan.from.region === plan.to.region) broken.push('it leads from a region to itself')

  const promote = at('postgres.promote-candidate')
  if (promote >= 0) {
    const proof = Math.max(at('postgres.verify-fence'), at('operator.accept-unfenced'))
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
