import { type Agent, get } from 'node:http'
import { z } from 'zod'
import type { Backend } from '@/lab/cluster/backends'
import type { BackendList } from '@/lab/endpoint/backend-list'
import { parseJson } from '@/lab/http-service'

export type EndpointHealth = {
  status: 'ok' | 'unavailable'
  region: string
  /** Instances that are ready, and how many there are meant to be. */
  ready: number
  desired: number
  /** Name of the writer that the instances use; null when no instance said it. */
  writer: string | null
  writable: boolean
  reason: string | null
}

const instanceHealth = z.object({
  status: z.string(),
  reason: z.string().nullable(),
  writer: z.string(),
  writable: z.boolean(),
})
type InstanceHealth = z.infer<typeof instanceHealth>

/** How many instances are asked, at once, before the region is called bad. */
const asked = 2

/** The region is well when an instance that is ready says, asked now, that it can do its work. */
export async function endpointHealth(
  agent: Agent,
  backends: BackendList,
  region: string,
  timeoutMs: number,
): Promise<EndpointHealth> {
  const { ready, desired } = backends
  const base = { region, ready, desired }
  const answers = await Promise.all(backends.next(asked).map((backend) => ask(agent, backend, timeoutMs)))
  const good = answers.find((answer) => typeof answer !== 'string' && answer.status === 'ok')
  if (good && typeof good !== 'string') {
    return { status: 'ok', ...base, writer: good.writer, writable: good.writable, reason: null }
  }
  const bad = answers.find((answer): answer is InstanceHealth => typeof answer !== 'string')
  const said = bad?.reason ?? answers.find((answer) => typeof answer === 'string')
  return {
    status: 'unavailable',
    ...base,
    writer: bad?.writer ?? null,
    writable: bad?.writable ?? false,
    reason: said ?? `none of ${desired} instances is ready`,
  }
}

/** What an instance says of itself, or why it said nothing. */
function ask(agent: Agent, backend: Backend, timeoutMs: number): Promise<InstanceHealth | string> {
  return new Promise((resolve) => {
    const request = get({ host: backend.host, port: backend.port, path: '/health', agent }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.once('end', () => {
        clearTimeout(timer)
        const parsed = instanceHealth.safeParse(parseJson(Buffer.concat(parts).toString('utf8')))
        resolve(parsed.success ? parsed.data : `${backend.name} answered ${response.statusCode}`)
      })
    })
    const timer = setTimeout(() => request.destroy(new Error('did not answer in time')), timeoutMs)
    request.once('error', (error) => {
      clearTimeout(timer)
      resolve(`${backend.name}: ${error.message}`)
    })
  })
}
