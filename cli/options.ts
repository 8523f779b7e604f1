import { parseArgs } from 'node:util'
import { wrongUse } from './problem'

const options = {
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  as: { type: 'string' },
  access: { type: 'string' },
  kind: { type: 'string' },
  reason: { type: 'string' },
  digest: { type: 'string' },
  comment: { type: 'string' },
  step: { type: 'string' },
  out: { type: 'string' },
  anchors: { type: 'string' },
  head: { type: 'string' },
  retry: { type: 'string' },
  'break-glass': { type: 'string', multiple: true },
  'assume-lost': { type: 'boolean' },
  'dry-run': { type: 'boolean' },
} as const

export type Options = ReturnType<typeof readOptions>['options']

/** @throws CommandProblem for options that do not exist */
export function readOptions(args: string[]) {
  try {
    const { positionals, values } = parseArgs({ args, allowPositionals: true, options })
    return { words: positionals, options: values }
  } catch (error) {
    throw wrongUse(error instanceof Error ? error.message : String(error))
  }
}

/** @throws CommandProblem that names what is missing */
export function needed(value: string | undefined, what: string): string {
  if (value === undefined || value.trim() === '') throw wrongUse(`${what} is missing`)
  return value
}
