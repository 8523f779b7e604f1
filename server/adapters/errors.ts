import { PortError, Terminal, Transient, Unreachable } from '@/server/ports/errors'

/** Socket and resolver failures that say nothing about what the other side did. */
const connectionWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  ECONNABORTED: 'the connection was aborted',
  EPIPE: 'the connection was closed',
  ETIMEDOUT: 'the connection timed out',
  EHOSTUNREACH: 'there is no route to the host',
  ENETUNREACH: 'there is no route to the network',
  EHOSTDOWN: 'the host is down',
  EADDRNOTAVAIL: 'no local address could be used',
  ENOTFOUND: 'its name has no address',
  EAI_AGAIN: 'its name could not be resolved now',
  UND_ERR_SOCKET: 'the connection was closed',
}

export function errorCode(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null
  return typeof error.code === 'string' ? error.code : null
}

export function errorText(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return errorText(error.errors[0])
  return error instanceof Error ? error.message : String(error)
}

/** Words for a failed connection, or null when the error is of another sort. */
export function connectionFailure(error: unknown): string | null {
  if (error instanceof AggregateError) {
    return error.errors.map(connectionFailure).find((words) => words !== null) ?? null
  }
  const code = errorCode(error)
  if (code !== null && connectionWords[code]) return connectionWords[code]
  return error instanceof Error && error.message === 'socket hang up' ? 'the connection was closed' : null
}

/** What is already a port error stays; a failed connection is Unreachable; all else is Terminal, since nobody knows it to pass. */
export function toPortError(system: string, error: unknown): PortError {
  if (error instanceof PortError) return error
  const words = connectionFailure(error)
  if (words !== null) return new Unreachable(system, `${system} cannot be reached: ${words}`, { cause: error })
  return new Terminal(system, `${system}: ${errorText(error)}`, { cause: error })
}

/** An HTTP answer that is not a success. 5xx may have done half of what was asked, so it is not called Transient. */
export function fromStatus(system: string, status: number, message: string): PortError {
  const text = `${system} answered ${status}: ${message}`
  if (status === 408 || status === 425 || status === 429 || status === 503) return new Transient(system, text)
  return status >= 500 ? new Unreachable(system, text) : new Terminal(system, text)
}
