import { z } from 'zod'
import type { JsonObject } from '../json'
import { buildEvacuatePlan } from './build-evacuate'
import { buildFailbackPlan } from './build-failback'
import { buildFailoverPlan, overridable } from './build-failover'
import { buildMergePlan } from './build-merge'
import { buildRollForwardPlan } from './build-roll-forward'
import { buildSwitchoverPlan } from './build-switchover'
import type { PlanFacts } from './facts'
import { mergeRequest } from './merge-steps'
import { rollForwardRequest } from './roll-forward-steps'
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

/** The same for a kind whose inputs depend on `source`. Guarantee: what one of strict objects of JSON values parses is a JSON object. */
const bySource = (...sources: [typeof rollForwardRequest]): z.ZodType<JsonObject> =>
  z.discriminatedUnion('source', sources) as unknown as z.ZodType<JsonObject>

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
  { kind: 'failback', inputs: inputs({}), build: buildFailbackPlan, overridable: {} },
  /** Planned work overrides nothing: it can wait. */
  { kind: 'switchover', inputs: inputs({}), build: buildSwitchoverPlan, overridable: {} },
  {
    kind: 'evacuate',
    inputs: inputs({ region: z.string().max(40), direction: z.enum(['out', 'back']) }),
    build: buildEvacuatePlan,
    overridable: {},
  },
  { kind: 'restore', inputs: bySource(rollForwardRequest), build: buildRollForwardPlan, overridable: {} },
  { kind: 'merge', inputs: inputs(mergeRequest.shape), build: buildMergePlan, overridable: {} },
]

/** What can be asked for in this version, by kind. */
export const planKinds: ReadonlyMap<string, PlanKind> = new Map(kinds.map((each) => [each.kind, each]))
