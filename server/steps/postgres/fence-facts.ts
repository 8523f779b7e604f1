import { z } from 'zod'
import type { Json } from '@/server/domain/json'
import type { FenceEvidence, failoverInputs } from '@/server/domain/plan/failover-steps'
import { instant } from '@/server/ports/clock'
import { Terminal, Transient } from '@/server/ports/errors'
import { isHeldDown } from '../agent/observe-if-reachable'
import type { StepContext } from '../step'

type Input = z.infer<(typeof failoverInputs)['postgres.verify-fence']>
type Facts = FenceEvidence['facts']

/** What has to be so for each way of fencing, apart from the server's own silence. `fence` is the output of the fencing step. */
export const factsByMethod: Record<
  Input['method'],
  (context: StepContext, input: Input, fence: Json) => Promise<Facts>
> = { platform: platformFacts, agent: agentFacts, 'self-fence': selfFenceFacts }

async function platformFacts(context: StepContext, { serverId, hostId }: Input): Promise<Facts> {
  const { platform } = context.service
  if (platform === null || hostId === null) {
    throw new Terminal('platform', `No platform can tell the power of ${serverId}'s host`)
  }
  const host = await platform.describeHost(hostId)
  if (host.state === 'stopped') {
    return [{ what: `platform: host ${hostId}`, seen: `stopped (${host.reason})`, at: host.observedAt }]
  }
  const message = `The platform says that ${hostId} is ${host.state}, not stopped`
  throw host.state === 'stopping' ? new Transient('platform', message) : new Terminal('platform', message)
}

const agentFence = z.object({ how: z.enum(['already', 'fast', 'immediate', 'killed']) })

async function agentFacts(context: StepContext, { serverId }: Input, fence: Json): Promise<Facts> {
  const system = `agent ${serverId}`
  const seen = await context.service.agent(serverId).call('observe', {})
  if (!isHeldDown(seen)) {
    const signal = seen.standbySignal ? 'with' : 'without'
    throw new Terminal(
      system,
      `The agent of ${serverId} sees it ${seen.state}, ${signal} standby.signal: it is not fenced`,
    )
  }
  const controlState = seen.control?.state ?? 'unreadable'
  const { how } = agentFence.parse(fence)
  // Whoever was killed could not write its control file; standby.signal holds it down all the same. A fast stop that left no such word did not happen.
  if (!controlState.startsWith('shut down') && how === 'fast') {
    throw new Terminal(system, `${serverId} was stopped fast, but its control file says "${controlState}"`)
  }
  return [
    { what: `agent of ${serverId}`, seen: `PostgreSQL stopped (${how}), standby.signal in place`, at: seen.observedAt },
    { what: `control file of ${serverId}`, seen: controlState, at: seen.observedAt },
  ]
}

const selfFence = z.object({
  by: z.enum(['time', 'stopped']),
  standbyServerIds: z.array(z.string()),
  blindSince: z.string(),
  dueAt: z.string(),
  endedAt: z.string(),
})

async function selfFenceFacts(context: StepContext, { serverId }: Input, fence: Json): Promise<Facts> {
  const { by, standbyServerIds, blindSince, dueAt, endedAt } = selfFence.parse(fence)
  const now = context.clock.now()
  if (by === 'time' && now < Date.parse(dueAt)) {
    throw new Transient(`agent ${serverId}`, `${serverId} has until ${dueAt} to fence itself`)
  }
  const facts: Facts = [
    by === 'time'
      ? {
          what: `self-fencing of ${serverId}`,
          seen: `out of sight since ${blindSince}, due at ${dueAt}`,
          at: instant(now),
        }
      : { what: `agent of ${serverId}`, seen: 'PostgreSQL stopped, standby.signal in place', at: endedAt },
  ]
  for (const standbyId of standbyServerIds) {
    const seen = await context.service.agent(standbyId).call('observe', {})
    if (seen.follows !== null || seen.receiver !== null) {
      throw new Terminal(
        `agent ${standbyId}`,
        `${standbyId} still receives from its upstream, which therefore still sees it`,
      )
    }
    facts.push({ what: `receiver of ${standbyId}`, seen: 'detached, receives nothing', at: seen.observedAt })
  }
  return facts
}
