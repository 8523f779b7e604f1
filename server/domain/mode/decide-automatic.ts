import type { ModeDecision, ModeFacts, Reason, Verdict } from './mode-facts'
import type { Rule } from './rule'
import { rules } from './rules'

/**
 * How long a confirmed outage waits for what is still unknown before a person is asked instead. Two looks of a slow collector fit in; a person who is
 * woken needs longer than that anyway.
 */
export const patienceMs = 15_000

type Looked = Reason & { settles: boolean }

/**
 * What Lifeboat does by itself about an outage, and why. Acting needs every rule to hold; a rule that is unknown does not hold. Where only rules of acting
 * are broken, the run is drafted for a person. Pure: the worker, the page and the tests ask the same function.
 */
export function decideAutomatic(facts: ModeFacts): ModeDecision {
  // Under assisted mode a person approves: what is only needed to act without one is not asked for.
  const asked = rules.filter((rule) => facts.mode !== 'assisted' || rule.scope === 'both')
  const looked = asked.map((rule) => look(rule, facts))
  return { verdict: verdictOf(facts, looked), reasons: looked.map(({ settles: _, ...reason }) => reason) }
}

function look(rule: Rule, facts: ModeFacts): Looked {
  const { holds, words, observedAt = null } = rule.judge(facts)
  const onlyThen = rule.onlyThen === true && facts.asked === 'if-lost'
  const settles = rule.settles === true
  // Of what only an outage shows nothing is known before it.
  return { code: rule.code, holds: onlyThen ? null : holds, words, scope: rule.scope, onlyThen, observedAt, settles }
}

function verdictOf(facts: ModeFacts, looked: readonly Looked[]): Verdict {
  const broken = looked.filter((each) => !each.onlyThen && each.holds !== true)
  if (facts.mode === 'automatic' && broken.length === 0) return 'act'
  const inTheWay = broken.filter((each) => each.scope === 'both')
  if (inTheWay.length > 0) {
    return inTheWay.every((each) => each.settles || each.holds === null) ? 'wait' : 'refuse'
  }
  if (facts.mode === 'assisted' || facts.asked === 'if-lost') return 'draft'
  const firm = broken.some((each) => each.holds === false && !each.settles)
  return firm || outOfPatience(facts) ? 'draft' : 'wait'
}

function outOfPatience({ incident, nowMs }: ModeFacts): boolean {
  return incident?.confirmedAt != null && nowMs - Date.parse(incident.confirmedAt) > patienceMs
}
