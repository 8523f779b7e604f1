import { Agent, request } from 'node:http'
import { z } from 'zod'
import { parseJson } from '@/lab/http-service'
import { StubResolver } from '@/lab/traffic/stub-resolver'

export type Site = { name: string; port: number; timeoutMs: number }
export type Answer = { status: number; location: string | null; region: string | null; body: string }
/** `sent`: the request left us, so it may have had its effect. */
export type Failure = { reason: string; sent: boolean }
export type Outcome =
  | { ok: true; answer: Answer; address: string }
  | { ok: false; failure: Failure; address: string | null }

const created = z.object({ code: z.string().regex(/^[0-9A-Za-z]{1,12}$/) })

/** The new link's code, when the answer is one. */
export function codeIn(answer: Answer): string | null {
  const parsed = created.safeParse(parseJson(answer.body))
  return answer.status === 201 && parsed.success ? parsed.data.code : null
}

/** One machine somewhere in the world: a resolver of its own, and connections kept as long as the address stays. */
export class User {
  private readonly stub: StubResolver
  private readonly agents = new Map<string, Agent>()

  constructor(
    resolver: string,
    private readonly site: Site,
  ) {
    this.stub = new StubResolver(resolver)
  }

  /** One request by name, look-up included, within the site's time. Never rejects. */
  async send(method: 'GET' | 'POST', path: string, body?: string): Promise<Outcome> {
    const startedAt = performance.now()
    let address: string
    try {
      address = await this.stub.resolve(this.site.name, this.site.timeoutMs)
    } catch (error) {
      return { ok: false, failure: { reason: reasonOf(error), sent: false }, address: null }
    }
    const leftMs = this.site.timeoutMs - (performance.now() - startedAt)
    return this.request(address, method, path, body, Math.max(1, leftMs))
  }

  close(): void {
    for (const agent of this.agents.values()) agent.destroy()
  }

  private request(
    address: string,
    method: string,
    path: string,
    body: string | undefined,
    timeoutMs: number,
  ): Promise<Outcome> {
    return new Promise((resolve) => {
      const headers = {
        host: `${this.site.name}:${this.site.port}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      }
      const outgoing = request({
        host: address,
        port: this.site.port,
        method,
        path,
        headers,
        agent: this.agentFor(address),
      })
      let sent = false
      const end = (outcome: Outcome) => {
        clearTimeout(timer)
        resolve(outcome)
      }
      const timer = setTimeout(() => outgoing.destroy(new Error('timed out')), timeoutMs)
      outgoing.once('socket', (socket) => {
        if (!socket.connecting) sent = true
        else socket.once('connect', () => (sent = true))
      })
      outgoing.once('error', (error) => end({ ok: false, failure: { reason: reasonOf(error), sent }, address }))
      outgoing.once('response', (response) => {
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part))
        response.once('error', (error) => end({ ok: false, failure: { reason: reasonOf(error), sent }, address }))
        response.once('end', () => {
          const region = response.headers['x-lifeboat-region']
          const answer: Answer = {
            status: response.statusCode ?? 0,
            location: response.headers.location ?? null,
            region: typeof region === 'string' ? region : null,
            body: Buffer.concat(parts).toString('utf8'),
          }
          end({ ok: true, answer, address })
        })
      })
      outgoing.end(body)
    })
  }

  /** Connections to an address that the name left are not used again; requests under way on them may end. */
  private agentFor(address: string): Agent {
    const known = this.stub.known
    for (const [old, agent] of this.agents) {
      if (known.includes(old)) continue
      this.agents.delete(old)
      for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy()
    }
    const existing = this.agents.get(address)
    if (existing) return existing
    const agent = new Agent({ keepAlive: true })
    this.agents.set(address, agent)
    return agent
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}
