import {
  type AgentOperation,
  type AgentRequest,
  type AgentResult,
  agentOperations,
} from '@/server/domain/agent-protocol'
import { Unreachable } from '@/server/ports/errors'
import type { HostAgent } from '@/server/ports/managed'
import { operations } from './agent-operations'
import { observeServer } from './observe'
import { unknownTo, type World } from './world'

export function agentOf(world: World, serverId: string): HostAgent {
  const answer = (operation: AgentOperation, given: unknown): unknown => {
    const server = world.server(serverId)
    world.pass()
    if (!world.power.get(server.hostId) || !server.agentUp) throw new Unreachable(`agent ${serverId}`, 'no answer')
    if (operation === 'observe') return observeServer(world, server)
    const work = operations[operation]
    if (!work) throw unknownTo(`agent ${serverId}`, operation)
    // What a step sends has to be what the wire would let through.
    const request = agentOperations[operation].request.parse(given)
    if ('generation' in request && typeof request.generation === 'number' && operation !== 'divergence')
      world.obey(`agent ${serverId}`, server, request.generation)
    return work({ world, server }, request)
  }
  return {
    serverId,
    // Guarantee: the table of operations gives each one the result its schema names; the schema itself checks it here.
    call: async <O extends AgentOperation>(operation: O, request: AgentRequest<O>) =>
      agentOperations[operation].result.parse(answer(operation, request)) as AgentResult<O>,
  }
}
