import { z } from 'zod'
import { hostAddress, ports, type Region, regions, type Viewer, viewers } from '@/lab/addressing'
import { databaseId, delayedId } from '@/lab/config/names'
import { type JsonAnswer, requestJson } from '@/lab/http-client'
import { type Mode, modes } from '@/lab/network/faults'
import type { LabPaths } from '@/lab/paths'
import type { FaultAction } from '@/lab/platform/platform'
import { secretValue } from '@/lab/secrets'
import { LabProblem } from '@/lab/settings'
import { type AgentObservation, agentOperations } from '@/server/domain/agent-protocol'

/** A check reads every link that was ever promised. */
const checkTimeoutMs = 600_000

/** How the lab's processes say what went wrong. */
const refusal = z.object({ message: z.string().optional(), error: z.string().optional() })

const faultReport = z.object({
  action: z.string(),
  target: z.string(),
  hosts: z.array(z.object({ hostId: z.string(), processes: z.number() })),
  processes: z.number(),
})
export type FaultReport = z.infer<typeof faultReport>

const linkStatus = z.object({
  viewer: z.enum(viewers),
  zone: z.enum(regions),
  listen: z.string(),
  target: z.string(),
  port: z.number(),
  mode: z.enum(modes),
  delayMs: z.number(),
  connections: z.number(),
  silent: z.number(),
})
export type LinkStatus = z.infer<typeof linkStatus>
const linkList = z.object({ links: z.array(linkStatus) })

const inspectedHost = z.object({
  hostId: z.string(),
  region: z.enum(regions),
  state: z.enum(['running', 'starting', 'stopping', 'stopped', 'unknown']),
  reason: z.string(),
  directory: z.string(),
  processes: z.array(z.object({ pid: z.number(), program: z.string(), frozen: z.boolean() })),
})
export type InspectedHost = z.infer<typeof inspectedHost>

/** Speaks with what runs of a lab, from the same machine and with the lab's own secrets. */
export class LabClient {
  constructor(
    readonly net: number,
    private readonly paths: LabPaths,
  ) {}

  async hosts(): Promise<InspectedHost[]> {
    const answer = await this.ask('GET', ports.platform, '/lab/v1/hosts')
    return z.object({ hosts: z.array(inspectedHost) }).parse(answer).hosts
  }

  /** @param target a region or one host, e.g. `us-east` or `db-east-1` */
  async fault(action: FaultAction, target: string, grey = false): Promise<FaultReport> {
    return faultReport.parse(await this.ask('POST', ports.platform, `/lab/v1/${action}/${target}`, { grey }))
  }

  /** Ends all regions in order, without a power failure. @returns how many processes ended */
  async halt(): Promise<number> {
    const answer = await this.ask('POST', ports.platform, '/lab/v1/halt', {}, 9_000)
    return z.object({ processes: z.number() }).parse(answer).processes
  }

  async links(): Promise<LinkStatus[]> {
    return linkList.parse(await this.ask('GET', ports.network, '/links')).links
  }

  /** @returns the links that were touched */
  async setLinks(zone: Region, from: Viewer[], mode: Mode, ms?: number): Promise<LinkStatus[]> {
    return linkList.parse(await this.ask('POST', ports.network, '/faults', { zone, viewers: from, mode, ms })).links
  }

  /** The traffic process's own words. */
  async traffic(method: 'GET' | 'POST', path: string): Promise<unknown> {
    return this.ask(method, ports.traffic, path, method === 'POST' ? {} : undefined, checkTimeoutMs)
  }

  /** What a host agent says, asked without an echo: watching must not pass for the control plane. */
  async observe(
    region: Region,
    timeoutMs = 1_500,
    role: 'database' | 'delayed' = 'database',
  ): Promise<AgentObservation> {
    const answer = await requestJson({
      method: 'POST',
      host: hostAddress(this.net, region, role),
      port: ports.agent,
      path: '/v1/observe',
      token: secretValue(this.paths, 'agent-token'),
      body: {},
      timeoutMs,
    })
    const parsed = z.object({ ok: z.literal(true), result: agentOperations.observe.result }).safeParse(answer.body)
    if (!parsed.success)
      throw new Error(`agent of ${role === 'delayed' ? delayedId : databaseId(region)} answered ${answer.status}`)
    return parsed.data.result
  }

  private async ask(
    method: 'GET' | 'POST',
    port: number,
    path: string,
    body?: unknown,
    timeoutMs = 10_000,
  ): Promise<unknown> {
    const host = hostAddress(this.net, 'outside', 'outside')
    const token = secretValue(this.paths, 'lab-token')
    let answer: JsonAnswer
    try {
      answer = await requestJson({ method, host, port, path, token, body, timeoutMs })
    } catch (error) {
      throw new LabProblem(`No answer from ${host}:${port}: ${error instanceof Error ? error.message : String(error)}`)
    }
    if (answer.status < 300) return answer.body
    const said = refusal.safeParse(answer.body).data
    throw new LabProblem(said?.message ?? said?.error ?? `${host}:${port} answered ${answer.status}`)
  }
}
