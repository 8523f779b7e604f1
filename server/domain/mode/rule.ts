import type { Holds, ModeFacts, Reason } from './mode-facts'

/** What a rule says of the facts. */
export type Judged = { holds: Holds; words: string; observedAt?: string | null }
export type Rule = {
  code: string
  scope: Reason['scope']
  /** What detection itself may still bring about: then there is something to wait for. */
  settles?: boolean
  onlyThen?: boolean
  judge(facts: ModeFacts): Judged
}
