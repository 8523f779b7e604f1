import { z } from 'zod'
import { type AgentOperation, type AgentResult, agentError, agentOperations } from '@/server/domain/agent-protocol'
import { type PortError, StaleGeneration, Terminal, Transient, Unreachable } from '@/server/ports/errors'
import type { HostAgent } from '@/server/ports/managed'
import { toPortError } from '../errors'
import { HttpTimeout, sendRequest } from '../http-request'
import type { Names } from '../names'

export type HostAgentOptions = { serverId: string; url: string; token: () => string; names: Names; userAgent: string }

/** An observation is short work: an agent that needs longer is not there for us. */
const observeTimeoutMs = 1_500
/** Operations without a deadline of their own: a start may have to replay WAL, reading WAL for a divergence takes its time. */
const defaultTimeoutMs: Partial<Record<AgentOperation, number>> = {
  observe: observeTimeoutMs,
  assertWriter: 30_000,
  unfence: 30_000,
  start: 30_000,
  detach: 15_000,
  follow: 20_000,
  divergence: 60_000,
  resumeReplay: 40_000,
  strandedRows: 60_000,
}
/** After its own deadline the agent still stops harder and reads the control file back before it answers. */
const marginMs = 5_000

/** The agent beside one server, over HTTP. Echoes the newest nonce on `observe`, which is what keeps the server from fencing itself. */
export function createHostAgent(options: HostAgentOptions): HostAgent {
  const system = `agent ${options.serverId}`
  let newestNonce: string | undefined

  const post = async (operation: AgentOperation, request: object): Promise<unknown> => {
    const answer = await sendRequest({
      url: `${options.url.replace(/\/$/, '')}/v1/${operation}`,
      method: 'POST',
      headers: {
        authorization: `Bearer ${options.token()}`,
        'content-type': 'application/json',
        'user-agent': options.userAgent,
      },
      body: JSON.stringify(request),
      timeoutMs: timeoutFor(operation, request),
      lookup: options.names.socketLookup,
    }).catch((error: unknown) => {
      if (!(error instanceof HttpTimeout)) throw toPortError(system, error)
      throw new Unreachable(system, `${system} did not answer: ${error.message}`, { cause: error })
    })
    const body = parseJson(answer.body)
    if (answer.status !== 200) throw agentFailure(system, answer.status, body)
    return body
  }

  return {
    serverId: options.serverId,
    async call(operation, request) {
      const echoed = operation === 'observe' && newestNonce !== undefined ? { echo: newestNonce, ...request } : request
      const result = readResult(system, operation, await post(operation, echoed))
      newestNonce = nonceOf(result) ?? newestNonce
      return result
    },
  }
}

function timeoutFor(operation: AgentOperation, request: object): number {
  if ('deadlineMs' in request && typeof request.deadlineMs === 'number') return request.deadlineMs + marginMs
  return defaultTimeoutMs[operation] ?? 10_000
}

/** Maps the agent's own error kinds; an answer that is not the agent's (a proxy's, half of one) leaves the outcome unknown. */
export function agentFailure(system: string, status: number, body: unknown): PortError {
  const parsed = agentError.safeParse(body)
  if (!parsed.success) {
    return new Unreachable(system, `${system} answered ${status} with something that is not an agent's answer`)
  }
  const { kind, message, newestGeneration } = parsed.data.error
  if (kind === 'stale-generation') return new StaleGeneration(system, newestGeneration ?? 0)
  if (kind === 'busy') return new Transient(system, `${system} is busy: ${message}`)
  // Half done is possible: whoever called has to observe before it acts again, which is what Unreachable asks for.
  if (kind === 'failed') return new Unreachable(system, `${system} failed: ${message}`)
  return new Terminal(system, `${system} refused (${kind}): ${message}`)
}

/** Guarantee: what is returned came out of the schema of exactly this operation. */
function readResult<O extends AgentOperation>(system: string, operation: O, body: unknown): AgentResult<O> {
  const envelope = z.object({ ok: z.literal(true), result: agentOperations[operation].result }).safeParse(body)
  if (envelope.success) return envelope.data.result as AgentResult<O>
  throw new Terminal(system, `${system} answered ${operation} in a form that this version does not understand`, {
    cause: envelope.error,
  })
}

function nonceOf(result: unknown): string | null {
  if (typeof result !== 'object' || result === null || !('nonce' in result)) return null
  return typeof result.nonce === 'string' ? result.nonce : null
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
