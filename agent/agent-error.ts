import type { z } from 'zod'
import type { agentErrorKind } from '@/server/domain/agent-protocol'

/** An answer other than yes, as it crosses the wire. The message is for an operator and never holds a secret, a path or SQL. */
export class AgentError extends Error {
  constructor(
    readonly kind: z.infer<typeof agentErrorKind>,
    message: string,
    readonly newestGeneration?: number,
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.name = 'AgentError'
  }
}

/** A guard said no; nothing was done. */
export function refused(message: string): AgentError {
  return new AgentError('refused', message)
}

/** It was tried and may be half done. */
export function failed(message: string, cause?: unknown): AgentError {
  return new AgentError('failed', message, undefined, { cause })
}
