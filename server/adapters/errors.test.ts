import { describe, expect, it } from 'vitest'
import { PortError, StaleGeneration, Terminal, Transient, Unreachable } from '@/server/ports/errors'
import { toAwsError } from './aws'
import { withDeadline } from './deadline'
import { toResolverError } from './dns-resolver/dns-resolver'
import { fromStatus, toPortError } from './errors'
import { agentFailure } from './host-agent/host-agent'
import { toPostgresError } from './postgres/session'

const coded = (code: string, message = 'words') => Object.assign(new Error(message), { code })
const agentSays = (kind: string, newestGeneration?: number) => ({
  ok: false,
  error: { kind, message: 'm', newestGeneration },
})

describe('what a failure becomes', () => {
  it.each([
    ['a refused connection', toPortError('s', coded('ECONNREFUSED')), Unreachable],
    [
      'both addresses refused',
      toPortError('s', new AggregateError([coded('ECONNREFUSED'), coded('ECONNRESET')])),
      Unreachable,
    ],
    ['anything unknown', toPortError('s', new Error('odd')), Terminal],
    ['429', fromStatus('s', 429, 'm'), Transient],
    ['503', fromStatus('s', 503, 'm'), Transient],
    ['500', fromStatus('s', 500, 'm'), Unreachable],
    ['404', fromStatus('s', 404, 'm'), Terminal],
    ['a busy agent', agentFailure('s', 503, agentSays('busy')), Transient],
    ['an agent that refuses', agentFailure('s', 422, agentSays('refused')), Terminal],
    ['an agent that finds it invalid', agentFailure('s', 400, agentSays('invalid')), Terminal],
    ['an agent that failed half way', agentFailure('s', 500, agentSays('failed')), Unreachable],
    ['an agent that obeys another', agentFailure('s', 409, agentSays('stale-generation', 7)), StaleGeneration],
    ['a proxy in front of the agent', agentFailure('s', 502, null), Unreachable],
    ['PostgreSQL starting up', toPostgresError('s', coded('57P03')), Transient],
    ['PostgreSQL shutting down under us', toPostgresError('s', coded('57P01')), Unreachable],
    ['PostgreSQL refusing the password', toPostgresError('s', coded('28P01')), Terminal],
    ['PostgreSQL being read-only', toPostgresError('s', coded('25006')), Terminal],
    ['PostgreSQL silent', toPostgresError('s', new Error('timeout expired')), Unreachable],
    [
      'AWS throttling',
      toAwsError('s', Object.assign(new Error('m'), { name: 'Throttling', $metadata: { httpStatusCode: 400 } })),
      Transient,
    ],
    [
      'AWS saying no',
      toAwsError('s', Object.assign(new Error('m'), { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } })),
      Terminal,
    ],
    [
      'AWS failing inside',
      toAwsError('s', Object.assign(new Error('m'), { name: 'InternalError', $metadata: { httpStatusCode: 500 } })),
      Unreachable,
    ],
    ['AWS silent', toAwsError('s', Object.assign(new Error('m'), { name: 'TimeoutError' })), Unreachable],
    ['a name that is not there', toResolverError('s', 'n', coded('ENOTFOUND')), Terminal],
    ['a resolver that fails', toResolverError('s', 'n', coded('ESERVFAIL')), Transient],
    ['a silent resolver', toResolverError('s', 'n', coded('ETIMEOUT')), Unreachable],
  ])('%s', (_what, error, kind) => {
    expect(error).toBeInstanceOf(kind)
  })

  it('keeps the generation that the target has obeyed', () => {
    expect(agentFailure('s', 409, agentSays('stale-generation', 7))).toMatchObject({ newestGeneration: 7 })
  })
})

describe('a deadline', () => {
  it('ends a call that never answers, and tells it so', async () => {
    let aborted = false
    const never = withDeadline('s', 20, (signal) => {
      signal.addEventListener('abort', () => {
        aborted = true
      })
      return new Promise(() => undefined)
    })
    await expect(never).rejects.toBeInstanceOf(Unreachable)
    expect(aborted).toBe(true)
  })

  it('lets port errors pass and turns all others into one', async () => {
    await expect(withDeadline('s', 500, async () => Promise.reject(new Transient('s', 'now')))).rejects.toThrow('now')
    await expect(withDeadline('s', 500, async () => Promise.reject(new TypeError('x')))).rejects.toBeInstanceOf(
      PortError,
    )
  })
})
