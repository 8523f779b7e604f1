import { Socket } from 'node:net'
import { Client, type QueryResultRow } from 'pg'
import { Terminal, Transient, Unreachable } from '@/server/ports/errors'
import { withDeadline } from '../deadline'
import { connectionFailure, errorCode, errorText } from '../errors'
import type { Names } from '../names'

export type PostgresTarget = {
  serverId: string
  host: string
  port: number
  user: string
  database: string
  password: () => string
  names: Names
}

/** A connection over an ocean takes two round trips of some 0.2 s; a server that needs more than this does not serve. */
const connectTimeoutMs = 1_500

export type Session = {
  /** One statement. With values, PostgreSQL itself refuses more than one. */
  query<R extends QueryResultRow>(text: string, values?: unknown[]): Promise<R[]>
}

/**
 * Opens one connection from discrete fields (a connection string could be made to carry options), runs `work` and closes. Nothing of it outlives the
 * deadline: the socket is ours, and is destroyed.
 * @throws Unreachable, Transient or Terminal only
 */
export async function withSession<T>(
  target: PostgresTarget,
  timeoutMs: number,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const system = `postgres ${target.serverId}`
  const socket = new Socket()
  const client = new Client({
    host: target.names.lookup(target.host),
    port: target.port,
    user: target.user,
    database: target.database,
    password: target.password(),
    application_name: 'lifeboat',
    connectionTimeoutMillis: connectTimeoutMs,
    // The server's own limit is the longer one: a commit that it cancels has committed all the same (synchronous replication), and would look like a success.
    statement_timeout: timeoutMs + 1_000,
    lock_timeout: timeoutMs,
    stream: () => socket,
  })
  client.on('error', () => undefined)
  try {
    return await withDeadline(
      system,
      timeoutMs,
      async () => {
        await client.connect()
        return work({ query: async (text, values) => (await client.query(text, values)).rows })
      },
      (error) => toPostgresError(system, error),
    )
  } finally {
    close(client, socket)
  }
}

/** Says goodbye where somebody listens, and does not wait for the answer. */
function close(client: Client, socket: Socket): void {
  client.end().catch(() => undefined)
  setTimeout(() => socket.destroy(), 200).unref()
}

const busyStates = new Set([
  '57P03', // starting up, shutting down or in recovery
  '53300', // too many connections
  '53400',
  '40001',
  '40P01',
  '55P03', // lock not available
  '57014', // cancelled: the statement was rolled back
])

/** PostgreSQL's own codes, in our three words. A connection that ended mid-statement leaves its outcome unknown. */
export function toPostgresError(system: string, error: unknown): Error {
  if (error instanceof Terminal || error instanceof Transient || error instanceof Unreachable) return error
  const code = errorCode(error)
  const text = errorText(error)
  const words = connectionFailure(error)
  if (words !== null) return new Unreachable(system, `${system} cannot be reached: ${words}`, { cause: error })
  if (code === null && /timeout|terminated|closed/i.test(text)) {
    return new Unreachable(system, `${system} gave no answer: ${text}`, { cause: error })
  }
  if (code?.startsWith('08') || code === '57P01' || code === '57P02') {
    return new Unreachable(system, `${system} ended the connection: ${text}`, { cause: error })
  }
  if (code !== null && busyStates.has(code))
    return new Transient(system, `${system} cannot now: ${text}`, { cause: error })
  return new Terminal(system, `${system} refused${code === null ? '' : ` (${code})`}: ${text}`, { cause: error })
}

/** The SQLSTATE behind an error of `withSession`, or null. */
export function sqlState(error: unknown): string | null {
  return error instanceof Error ? errorCode(error.cause) : null
}
