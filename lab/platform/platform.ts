import { mkdirSync, realpathSync } from 'node:fs'
import type { Logger } from 'pino'
import type { PlatformConfig } from '@/lab/platform/config'
import { Host, type HostDescription } from '@/lab/platform/host'
import { PlatformState } from '@/lab/platform/state'

const watchIntervalMs = 250
/** Of a region that goes home: under the ten seconds that the whole lab has to stop. */
const haltDeadlineMs = 5_000

export const faultActions = ['kill', 'freeze', 'thaw', 'restore'] as const
export type FaultAction = (typeof faultActions)[number]

export interface FaultReport {
  action: FaultAction
  target: string
  hosts: { hostId: string; processes: number }[]
  /** Of all hosts together: ended, frozen, thawed or started. */
  processes: number
}

/** A request token that was used for something else before. */
export class TokenMismatch extends Error {}

/** Plays the part of EC2 for both regions. */
export class Platform {
  private readonly state: PlatformState
  private readonly hosts: Host[]
  private readonly timer: NodeJS.Timeout

  constructor(config: PlatformConfig, logger: Logger) {
    this.state = new PlatformState(config.stateFile)
    this.hosts = config.hosts.map((one) => {
      mkdirSync(one.directory, { recursive: true })
      const real = { ...one, directory: realpathSync(one.directory) }
      return new Host(real, this.state.host(one.hostId), () => this.state.save(), logger)
    })
    const watch = () =>
      Promise.all(this.hosts.map((host) => host.watch())).catch((error: unknown) =>
        logger.error({ reason: String(error) }, 'could not start what is missing'),
      )
    void watch()
    this.timer = setInterval(() => void watch(), watchIntervalMs)
  }

  /** The platform alone ends: its machines run on, and its next start finds them. */
  close(): void {
    clearInterval(this.timer)
  }

  describeAll(): HostDescription[] {
    return this.hosts.map((host) => host.describe())
  }

  describe(hostId: string): HostDescription | undefined {
    return this.find(hostId)?.describe()
  }

  /** With the processes of each: for people. */
  inspect() {
    return this.hosts.map((host) => {
      const processes = host.processes().map(({ pid, program, frozen }) => ({ pid, program, frozen }))
      return { ...host.describe(), region: host.config.region, directory: host.config.directory, processes }
    })
  }

  /**
   * Power off or on. A repeated token is the same request: it is answered, and nothing is done again.
   * @returns undefined when there is no such host
   * @throws TokenMismatch when the token was used for another host or action
   */
  async power(hostId: string, action: 'start' | 'stop', token: string): Promise<HostDescription | undefined> {
    const host = this.find(hostId)
    if (host === undefined) return undefined
    const before = this.state.request(token)
    if (before === undefined) {
      this.state.remember({ token, hostId, action })
      await (action === 'stop' ? host.stop(`request ${token}`) : host.start(`request ${token}`))
    } else if (before.hostId !== hostId || before.action !== action) {
      throw new TokenMismatch(`token ${token} was used to ${before.action} ${before.hostId}`)
    }
    return host.describe()
  }

  /** A fault, or its end, of a region or of one host. @returns undefined when there is no such region or host */
  async fault(action: FaultAction, target: string, grey: boolean): Promise<FaultReport | undefined> {
    const hosts = this.hosts.filter(({ config }) => config.region === target || config.hostId === target)
    if (hosts.length === 0) return undefined
    const report = await Promise.all(
      hosts.map(async (host) => ({ hostId: host.config.hostId, processes: await this.act(host, action, grey) })),
    )
    return { action, target, hosts: report, processes: report.reduce((sum, one) => sum + one.processes, 0) }
  }

  async halt(): Promise<number> {
    clearInterval(this.timer)
    const ended = await Promise.all(this.hosts.map((host) => host.halt(haltDeadlineMs)))
    return ended.reduce((sum, one) => sum + one, 0)
  }

  private async act(host: Host, action: FaultAction, grey: boolean): Promise<number> {
    if (action === 'kill') return host.stop('killed by a lab fault')
    if (action === 'freeze') return host.freeze(grey)
    const thawed = host.thaw()
    return action === 'thaw' ? thawed : thawed + (await host.start('restored'))
  }

  private find(hostId: string): Host | undefined {
    return this.hosts.find((host) => host.config.hostId === hostId)
  }
}
