import { Terminal } from '@/server/ports/errors'
import { createMemory } from '../memory'
import type { StepContext } from '../step'

/** What a standby followed before it was detached. */
export type Followed = { serverId: string; host: string; port: number; slot: string }

const followedBefore = createMemory<Followed>()

/**
 * Detaches a standby if it is not already. `fresh` says that it was connected until now, so that its upstream may have seen it
 * up to this moment.
 */
export async function detachStandby(
  context: StepContext,
  serverId: string,
): Promise<{ followed: Followed | null; fresh: boolean }> {
  const agent = context.service.agent(serverId)
  const seen = await agent.call('observe', {})
  if (seen.follows !== null) followedBefore.set(context, serverId, { serverId, ...seen.follows })
  const fresh = seen.follows !== null || seen.receiver !== null
  if (fresh) await agent.call('detach', { generation: context.generation, runId: context.runId })
  return { followed: whatItFollowed(context, serverId), fresh }
}

/** What this worker saw it following before; null when another worker detached it. */
export function whatItFollowed(context: StepContext, serverId: string): Followed | null {
  return followedBefore.get(context, serverId) ?? null
}

export async function isDetached(context: StepContext, serverId: string): Promise<boolean> {
  const seen = await context.service.agent(serverId).call('observe', {})
  return seen.follows === null && seen.receiver === null
}

/** Has a standby follow again what it followed. One that follows something, whoever told it so, is left alone. */
export async function followAgain(
  context: StepContext,
  serverId: string,
  followed: Followed | null,
  systemIdentifier: string,
): Promise<void> {
  const agent = context.service.agent(serverId)
  const seen = await agent.call('observe', {})
  if (seen.follows !== null) return
  if (followed === null) {
    const message = `${serverId} is detached, and this worker did not see from what: have it follow its primary again by hand`
    throw new Terminal(`agent ${serverId}`, message)
  }
  await agent.call('follow', {
    generation: context.generation,
    runId: context.runId,
    host: followed.host,
    port: followed.port,
    slot: followed.slot,
    expectSystemIdentifier: systemIdentifier,
  })
}
