import type { AgentObservation } from '@/server/domain/agent-protocol'
import { Transient, Unreachable } from '@/server/ports/errors'
import type { StepContext } from '../step'

/** What the agent beside a server sees now; null when it does not answer, which says nothing about the server. */
export async function observeIfReachable(context: StepContext, serverId: string): Promise<AgentObservation | null> {
  try {
    return await context.service.agent(serverId).call('observe', {})
  } catch (error) {
    if (error instanceof Unreachable || error instanceof Transient) return null
    throw error
  }
}

/** Stopped, and held by the marker that a restart cannot get around. */
export function isHeldDown(seen: AgentObservation): boolean {
  return seen.state === 'stopped' && seen.standbySignal
}
