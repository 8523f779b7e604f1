/** What the exit code of a command means; printed by `--help`. */
export const exitCodes = {
  done: 0,
  notDone: 1,
  wrongUse: 2,
  /** It was done, and the answer is no: the chain does not verify, the plan has blockers, the run did not succeed. */
  notWell: 3,
  refused: 4,
  unreachable: 5,
} as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** Ends a command with words for its user. */
export class CommandProblem extends Error {
  override readonly name = 'CommandProblem'
  constructor(
    message: string,
    readonly exitCode: ExitCode = exitCodes.notDone,
    readonly detail: Record<string, unknown> = {},
  ) {
    super(message)
  }
}

export function wrongUse(message: string): CommandProblem {
  return new CommandProblem(message, exitCodes.wrongUse)
}
