import type { JsonObject } from '../json'

/** What the catalogue says of one step with these inputs; handed to the planner, which is pure and knows no step's code. */
export type StepDescription = {
  title: string
  description: string
  commands: string[][]
  changes: string | null
  reversible: boolean
  undo: string
  pointOfNoReturn: boolean
  skippable: boolean
  deadlineMs: number
  maxAttempts: number
}

export type StepDescriber = (stepId: string, input: JsonObject) => StepDescription
