import { Transient, Unreachable } from '@/server/ports/errors'
import type { StepContext } from '../step'

export type DirectAnswer = {
  /** `changing`: it starts or stops just now, and will be something else in a moment. */
  kind: 'accepts-writes' | 'refuses-writes' | 'silent' | 'changing'
  /** What was seen, for the evidence. */
  words: string
}

/** Asks a server for a write over a connection of our own. What cannot be judged (no such role, no such database) is thrown. */
export async function askDirectly(context: StepContext, serverId: string): Promise<DirectAnswer> {
  try {
    const refused = await context.service.postgres(serverId).refusesWrites()
    return refused
      ? { kind: 'refuses-writes', words: 'A direct connection was opened and a write was refused' }
      : { kind: 'accepts-writes', words: 'A direct connection was opened and a write was accepted' }
  } catch (error) {
    if (error instanceof Unreachable)
      return { kind: 'silent', words: `A direct connection got no answer: ${error.message}` }
    if (error instanceof Transient) return { kind: 'changing', words: `A direct connection got: ${error.message}` }
    throw error
  }
}
