import type { Plan } from './types'

const shifts: readonly string[] = ['dns.shift-weight', 'dns.shift-places']
const watch = 'service.watch-error-rate'
const forbidden = /^(agent|platform)\.|^postgres\.(promote|fence)|^operator\.|^dns\.(turn-switch|edit-records)$/

/** Rules that an evacuation keeps beside those of every plan: it only moves answers, and looks after each move. */
export function evacuateProblems(plan: Plan): string[] {
  const ids = plan.steps.map((step) => step.stepId)
  const moved = ids.findLastIndex((each) => shifts.includes(each))
  if (plan.kind !== 'evacuate') return moved >= 0 ? ['it shifts answers, but is no evacuation'] : []
  const broken: string[] = []
  if (ids.some((each) => forbidden.test(each))) broken.push('an evacuation that fences, promotes or turns the writer')
  if (plan.steps.some((step) => step.pointOfNoReturn)) broken.push('an evacuation with a point of no return')
  if (plan.steps.some((step) => shifts.includes(step.stepId) && !step.reversible)) {
    broken.push('a shift that cannot be taken back')
  }
  if (moved > ids.lastIndexOf(watch)) broken.push('a shift that nothing watches')
  const repeated = ids.some((each, at) => {
    if (!shifts.includes(each)) return false
    const name = plan.steps[at]?.input.name
    const next = ids.findIndex(
      (id, later) => later > at && shifts.includes(id) && plan.steps[later]?.input.name === name,
    )
    return next >= 0 && !ids.slice(at, next).includes(watch)
  })
  if (repeated) broken.push('two shifts of one name without a watch between them')
  return broken
}
