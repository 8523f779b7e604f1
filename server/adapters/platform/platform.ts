import { z } from 'zod'
import { Terminal, Unreachable } from '@/server/ports/errors'
import type { Platform } from '@/server/ports/managed'
import { fromStatus, toPortError } from '../errors'
import { HttpTimeout, sendRequest } from '../http-request'
import type { Names } from '../names'

export type PlatformOptions = { url: string; token: () => string; names: Names; userAgent: string }

const system = 'platform'
const timeoutMs = 3_000

const hostAnswer = z.object({
  hostId: z.string(),
  state: z.enum(['running', 'starting', 'stopping', 'stopped', 'unknown']).catch('unknown'),
  observedAt: z.string(),
  reason: z.string().nullish(),
})

/** The platform's HTTP API: `GET /v1/hosts/{id}`, `POST /v1/hosts/{id}/stop|start` with a token that makes a repeat the same request. */
export function createPlatform(options: PlatformOptions): Platform {
  const send = async (method: 'GET' | 'POST', path: string, body?: object): Promise<string> => {
    const answer = await sendRequest({
      url: `${options.url.replace(/\/$/, '')}${path}`,
      method,
      headers: {
        authorization: `Bearer ${options.token()}`,
        'user-agent': options.userAgent,
        ...(body && { 'content-type': 'application/json' }),
      },
      body: body && JSON.stringify(body),
      timeoutMs,
      lookup: options.names.socketLookup,
    }).catch((error: unknown) => {
      if (!(error instanceof HttpTimeout)) throw toPortError(system, error)
      throw new Unreachable(system, `The platform did not answer: ${error.message}`, { cause: error })
    })
    if (answer.status < 200 || answer.status > 299) throw fromStatus(system, answer.status, answer.body.slice(0, 300))
    return answer.body
  }
  const path = (hostId: string, verb = '') => `/v1/hosts/${encodeURIComponent(hostId)}${verb}`

  return {
    async describeHost(hostId) {
      const host = readHost(await send('GET', path(hostId)))
      if (host.hostId !== hostId)
        throw new Terminal(system, `Asked for host ${hostId}, the platform described ${host.hostId}`)
      return { ...host, reason: host.reason ?? '' }
    },
    async stopHost(hostId, token) {
      await send('POST', path(hostId, '/stop'), { token })
    },
    async startHost(hostId, token) {
      await send('POST', path(hostId, '/start'), { token })
    },
  }
}

function readHost(body: string): z.infer<typeof hostAnswer> {
  try {
    return hostAnswer.parse(JSON.parse(body))
  } catch (error) {
    throw new Terminal(system, 'The platform described a host in a form that this version does not understand', {
      cause: error,
    })
  }
}
