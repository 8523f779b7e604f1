import { Resolver as NodeResolver } from 'node:dns/promises'
import { type PortError, Terminal, Transient, Unreachable } from '@/server/ports/errors'
import type { Resolver } from '@/server/ports/managed'
import { withDeadline } from '../deadline'
import { errorCode, errorText } from '../errors'
import type { Names } from '../names'

/** A resolver that needs longer than this for an answer it mostly has in memory counts as not answering. */
const timeoutMs = 1_000

/** `address` is host:port. Each question goes to this server only, once: a retry here would hide what users see. */
export function createResolver(address: string, names: Names): Resolver {
  const system = `resolver ${address}`
  const separator = address.lastIndexOf(':')
  const host = address.slice(0, separator)
  const port = address.slice(separator + 1)

  return {
    address,
    async resolve(name) {
      const startedAt = performance.now()
      const client = new NodeResolver({ timeout: timeoutMs, tries: 1 })
      const records = await withDeadline(
        system,
        timeoutMs,
        async (signal) => {
          signal.addEventListener('abort', () => client.cancel(), { once: true })
          client.setServers([`${names.lookup(host)}:${port}`])
          return client.resolve4(name, { ttl: true })
        },
        (error) => toResolverError(system, name, error),
      )
      return {
        answers: records.map((record) => record.address),
        ttlSeconds: Math.min(...records.map((record) => record.ttl)),
        tookMs: performance.now() - startedAt,
      }
    },
  }
}

export function toResolverError(system: string, name: string, error: unknown): PortError {
  const code = errorCode(error)
  if (code === 'ENOTFOUND' || code === 'ENODATA') {
    return new Terminal(system, `${system} knows no address of ${name}`, { cause: error })
  }
  if (code === 'ESERVFAIL' || code === 'EREFUSED') {
    return new Transient(system, `${system} could not answer for ${name} (${code.slice(1)})`, { cause: error })
  }
  if (code === 'ETIMEOUT' || code === 'ECONNREFUSED' || code === 'ECANCELLED') {
    return new Unreachable(system, `${system} did not answer for ${name}`, { cause: error })
  }
  return new Terminal(system, `${system}: ${errorText(error)}`, { cause: error })
}
