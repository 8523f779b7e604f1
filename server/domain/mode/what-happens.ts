import type { ModeDecision, ModeFacts } from './mode-facts'

/** The one sentence that the page opens with: what Lifeboat does by itself, and the first reason why it does no more. */
export function whatHappens(facts: ModeFacts, { verdict, reasons }: ModeDecision): string {
  const { from, to, asked, mode } = facts
  const when = asked === 'if-lost' ? `If ${from.name} dies now,` : `${from.name} is down:`
  if (mode === 'manual') return `${when} nothing happens by itself; a person asks for the failover to ${to.name}.`
  if (verdict === 'act') return `${when} Lifeboat fails over to ${to.name} by itself, at once.`
  const first = reasons.find((each) => !each.onlyThen && each.holds !== true)
  const because = first ? ` ${first.words}` : ''
  if (verdict === 'draft') {
    const drafted = `${when} Lifeboat drafts the failover to ${to.name} and waits for a person’s approval.`
    return mode === 'automatic' ? `${drafted} It does not act by itself:${because}` : drafted
  }
  if (verdict === 'wait') return `${when} Lifeboat waits until it knows enough.${because}`
  return `${when} nothing happens by itself.${because}`
}
