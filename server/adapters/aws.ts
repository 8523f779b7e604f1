import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { PortError, Terminal, Transient, Unreachable } from '@/server/ports/errors'
import { connectionFailure, errorText } from './errors'
import type { Names } from './names'

/** Static keys from references, both or none; none leaves the SDK's own chain (instance role and the like). */
export type AwsKeys = { accessKeyId: () => string; secretAccessKey: () => string } | null

/** What every AWS client here shares: bounded attempts, bounded sockets, names by our hosts file. Keys are read when they are used. */
export function awsClientOptions(names: Names, keys: AwsKeys, timeoutMs: number) {
  const agentOptions = { keepAlive: true, maxSockets: 10, timeout: 30_000, lookup: names.socketLookup }
  return {
    maxAttempts: 2,
    requestHandler: {
      connectionTimeout: 1_000,
      requestTimeout: timeoutMs,
      throwOnRequestTimeout: true,
      httpAgent: new HttpAgent(agentOptions),
      httpsAgent: new HttpsAgent(agentOptions),
    },
    ...(keys && {
      credentials: async () => ({ accessKeyId: keys.accessKeyId(), secretAccessKey: keys.secretAccessKey() }),
    }),
  }
}

const passing = new Set([
  'Throttling',
  'ThrottlingException',
  'PriorRequestNotComplete',
  'SlowDown',
  'ServiceUnavailable',
  'RequestTimeout',
  'OperationAborted',
  'ConditionalRequestConflict',
])

/** The SDK's errors: named refusals pass or stay, and without an HTTP status there was no answer. */
export function toAwsError(system: string, error: unknown): PortError {
  if (error instanceof PortError) return error
  const name = error instanceof Error ? error.name : 'Error'
  const text = `${system}: ${name}: ${errorText(error)}`
  const status = httpStatus(error)
  const words = connectionFailure(error)
  if (words !== null) return new Unreachable(system, `${system} cannot be reached: ${words}`, { cause: error })
  if (passing.has(name)) return new Transient(system, text, { cause: error })
  if (status === 429 || status === 503) return new Transient(system, text, { cause: error })
  if (name === 'TimeoutError' || name === 'AbortError') {
    return new Unreachable(system, `${system} did not answer in time`, { cause: error })
  }
  if (status !== null && status >= 500) return new Unreachable(system, text, { cause: error })
  return new Terminal(system, text, { cause: error })
}

export function httpStatus(error: unknown): number | null {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return null
  const metadata = error.$metadata
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return null
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : null
}
