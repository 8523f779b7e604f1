import { z } from 'zod'
import type { JsonObject } from '../json'
import { buildFailoverPlan, overridable } from './build-failover'
import type { PlanFacts } from './facts'
import type { Plan, RunKind } from './types'

/** One kind of plan: what may be asked for, and the pure function that builds it. */
export type PlanKind = {
  kind: RunKind
  /** Unknown inputs are refused: a typo must not become a different run. */
  inputs: z.ZodType<JsonObject>
  build(facts: PlanFacts): Plan
  /** Blockers that break-glass may override by name, and what each then risks. */
  overridable: Readonly<Record<string, string>>
}

const breakGlass = z.array(z.string().max(100)).max(10).optional()

/** Gives each schema the one type that callers handle. Guarantee: what a strict object of JSON values parses is a JSON object. */
const inputs = (shape: Readonly<Record<string, z.ZodType>>): z.ZodType<JsonObject> =>
  z.strictObject(shape) as unknown as z.ZodType<JsonObject>

const kinds: readonly PlanKind[] = [
  {
    kind: 'failover',
    inputs: inputs({
      /** Asks "what if it died now"; for previews only. */
      assume: z.literal('primary-lost').optional(),
      /** Codes of the blockers that break-glass overrides, by name. */
      breakGlass,
    }),
    build: buildFailoverPlan,
    overridable,
  },
]

/** What can be asked for in this version, by kind. */
export const planKinds: ReadonlyMap<string, PlanKind> = new Map(kinds.map((each) => [each.kind, each]))
