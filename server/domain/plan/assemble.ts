import type { z } from 'zod'
import type { JsonObject } from '../json'
import type { StepDescriber } from './describe'
import type { PlanStep } from './types'

/** A step as a planner thinks of it: which one, with what, within which time. */
export type Draft = { stepId: string; input: JsonObject; budgetMs: number }

/**
 * A maker of drafts that keeps each step's input within what that step will parse. One a kind of plan, over the schemas of its steps.
 * @throws z.ZodError for an input that the step would refuse: a fault of the planner
 */
export function drafter<T extends Readonly<Record<string, z.ZodType>>>(schemas: T) {
  return <S extends keyof T & string>(stepId: S, budgetMs: number, input: z.input<T[S]>): Draft => ({
    stepId,
    budgetMs,
    input: (schemas[stepId] as z.ZodType).parse(input) as JsonObject,
  })
}

/** A budget covers an action and its proof; each of the two steps gets its share. */
export function part(budgetMs: number, share: number): number {
  return Math.max(1, Math.round(budgetMs * share))
}

/**
 * References between steps are by step id until here; the plan carries keys, which are unique even if a step comes twice. A reference to a step that comes
 * twice means the nearest one before.
 */
const references = ['fenceStepKey', 'evidenceStepKey', 'writableStepKey', 'outputStepKey'] as const

/** Gives the drafts their keys and everything that the catalogue says of them. */
export function numbered(describe: StepDescriber, drafts: readonly Draft[]): PlanStep[] {
  const keyOf = (index: number): string => `${String(index + 1).padStart(2, '0')}-${drafts[index]?.stepId}`
  return drafts.map((each, index) => {
    const input: JsonObject = { ...each.input }
    for (const name of references) {
      const referred = input[name]
      if (typeof referred !== 'string') continue
      const before = drafts.findLastIndex((other, place) => place < index && other.stepId === referred)
      const any = before >= 0 ? before : drafts.findIndex((other) => other.stepId === referred)
      if (any >= 0) input[name] = keyOf(any)
    }
    const about = describe(each.stepId, input)
    return {
      key: keyOf(index),
      stepId: each.stepId,
      title: about.title,
      description: about.description,
      commands: about.commands,
      input,
      budgetMs: each.budgetMs,
      // Twice the budget before it counts as failed: the budget colours the clock, the deadline decides.
      deadlineMs: each.budgetMs * 2,
      maxAttempts: about.maxAttempts,
      reversible: about.reversible,
      undo: about.undo,
      pointOfNoReturn: about.pointOfNoReturn,
      skippable: about.skippable,
      changes: about.changes,
    }
  })
}
