import type { Region, Viewer } from '@/lab/addressing'
import type { LabClient } from '@/lab/client'
import { controlAddress, type DatabaseAddress } from '@/lab/control'
import { type DatabaseRole, databaseAddress } from '@/lab/databases'
import { consoleUrl, controlDatabaseUrl } from '@/lab/environment'
import type { LabPaths } from '@/lab/paths'
import { killBelow } from '@/lab/processes'
import { type SecretName, secretValue } from '@/lab/secrets'
import type { LabSettings } from '@/lab/settings'
import { labStatus } from '@/lab/status'
import type { Supervisor } from '@/lab/supervise'
import type { LifeboatConfig } from '@/server/domain/service-config'
import type { Access } from '@/server/wiring-seed'

/** Vantage points: where the workers look from. `control` means both. */
export const controlViewers: Viewer[] = ['vantage-a', 'vantage-b']

/** A lab that runs in this process: what tests and the supervisor hold. */
export class Lab {
  readonly url: string

  constructor(
    readonly settings: LabSettings,
    readonly paths: LabPaths,
    readonly service: LifeboatConfig,
    readonly access: Access | null,
    readonly client: LabClient,
    private readonly supervisor: Supervisor,
    private readonly giveBack: () => void,
  ) {
    this.url = consoleUrl(settings)
  }

  /** Read when asked for: a lab whose start failed early has no password yet, and is stopped all the same. */
  get controlDatabaseUrl(): string {
    return controlDatabaseUrl(this.settings, this.paths)
  }

  /** @param target a region or one host, e.g. `us-east` or `db-east-1` */
  kill(target: string) {
    return this.client.fault('kill', target)
  }

  restore(target: string) {
    return this.client.fault('restore', target)
  }

  freeze(target: string, options: { grey?: boolean } = {}) {
    return this.client.fault('freeze', target, options.grey ?? false)
  }

  thaw(target: string) {
    return this.client.fault('thaw', target)
  }

  cut(zone: Region, from: Viewer[], oneWay?: 'in' | 'out') {
    return this.client.setLinks(zone, from, oneWay === undefined ? 'cut' : `cut-${oneWay}`)
  }

  slow(zone: Region, from: Viewer[], ms: number) {
    return this.client.setLinks(zone, from, 'slow', ms)
  }

  /** Opens every link to and from the zone. */
  heal(zone: Region) {
    return this.client.setLinks(zone, allViewersOf(zone), 'open')
  }

  traffic(method: 'GET' | 'POST', path: string): Promise<unknown> {
    return this.client.traffic(method, path)
  }

  status() {
    return labStatus(this.settings.net, this.paths, this.client)
  }

  /** Pids of what is outside, by name. */
  processes() {
    return this.supervisor.status()
  }

  /** A fault of the control plane itself, e.g. `signal('worker-a', 'SIGKILL')`; the supervisor starts it again after a second. */
  signal(name: string, signal: NodeJS.Signals): boolean {
    return this.supervisor.signal(name, signal)
  }

  secret(name: SecretName): string {
    return secretValue(this.paths, name)
  }

  /** A managed database server at its own address, past every link. */
  database(region: Region, role: DatabaseRole): DatabaseAddress {
    return databaseAddress(this.settings, this.paths, region, role)
  }

  /** The control database, as its superuser. */
  control(): DatabaseAddress {
    return controlAddress(this.settings, this.paths)
  }

  /** Ends everything in order: users, console and workers, the regions, what carries them, the control plane's own stores last. */
  async stop(): Promise<void> {
    const { supervisor } = this
    supervisor.close()
    const stopAll = (names: string[]) => Promise.all(names.map((name) => supervisor.stop(name)))
    await stopAll(['traffic', 'worker-a', 'worker-b', 'console'])
    await this.client.halt().catch(() => undefined)
    await stopAll(['platform', 'dns', 'network'])
    await this.endWhatIsLeft()
    await stopAll(['control-redis'])
    await stopAll(['control-postgres'])
    this.giveBack()
  }

  /** A platform that did not answer has not halted its machines. */
  private async endWhatIsLeft(): Promise<void> {
    await killBelow([this.paths.machines])
  }
}

/** Everyone who has a link to the zone. */
export function allViewersOf(zone: Region): Viewer[] {
  return [zone === 'us-east' ? 'us-west' : 'us-east', ...controlViewers]
}
