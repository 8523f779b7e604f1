import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { z } from 'zod'
import type { FenceMark } from '@/server/domain/agent-protocol'
import { failed, refused } from './agent-error'
import type { AgentConfig } from './config'
import { type ControlFile, ControlFileReader } from './control-file'
import { DataDirectory } from './data-directory'
import type { FileOwner } from './durable-file'
import { Mutex } from './mutex'
import { monotonicMs } from './poll'
import { Postmaster } from './postmaster'
import type { Secrets } from './secrets'
import { HeldSession, type SessionTarget } from './session'
import type { Sight } from './sight'
import type { StateStore } from './state-store'

/** How long a start waits for recovery; afterwards the server goes on by itself and is observed as `starting`. */
const primaryWaitMs = 20_000
/** Shorter: a standby may wait for an upstream that is not there, and a fence must not wait for that. */
const standbyWaitMs = 5_000

const recoveryRows = z.tuple([z.object({ recovering: z.boolean() })])

/** One PostgreSQL server with what the agent knows of it. The verbs here are the pieces that operations share. */
export class Host {
  /** Another start of the agent is another world for who compares observations. */
  readonly bootId = randomUUID()
  readonly mutex = new Mutex()
  readonly postmaster: Postmaster
  readonly directory: DataDirectory
  readonly controlFile: ControlFileReader
  /** The superuser's held session: promotion and checkpoints. */
  readonly admin: HeldSession
  /** What the agent keeps up when PostgreSQL ends by itself. */
  desired: 'running' | 'stopped' = 'running'

  constructor(
    readonly config: AgentConfig,
    readonly secrets: Secrets,
    readonly owner: FileOwner | undefined,
    readonly state: StateStore,
    readonly sight: Sight,
    readonly log: Logger,
  ) {
    this.postmaster = new Postmaster(config, owner)
    this.directory = new DataDirectory(config, secrets, owner)
    this.controlFile = new ControlFileReader(config, owner)
    this.admin = new HeldSession(this.superuser('postgres'), 1_000)
  }

  superuser(database: string): SessionTarget {
    const { host, port, superuser } = this.config.postgres
    const password = this.secrets.superuserPassword
    return { host, port, user: superuser, password, database, applicationName: 'lifeboat-agent' }
  }

  monitor(applicationName: string): SessionTarget {
    const { host, port, monitorUser, databaseName } = this.config.postgres
    return {
      host,
      port,
      user: monitorUser,
      password: this.secrets.monitorPassword,
      database: databaseName,
      applicationName,
    }
  }

  /** Null when it cannot be asked. */
  async inRecovery(): Promise<boolean | null> {
    if (!this.postmaster.isRunning) return null
    try {
      return recoveryRows.parse(await this.admin.query('select pg_is_in_recovery() as recovering'))[0].recovering
    } catch {
      return null
    }
  }

  /** Could it be accepting writes? Anything but a proof of the contrary counts as yes. */
  async mayWrite(): Promise<boolean> {
    if (!this.postmaster.isRunning) return false
    if (this.directory.hasStandbySignal && this.state.current.fence === null) return false
    return (await this.inRecovery()) !== true
  }

  async readControl(): Promise<ControlFile> {
    const control = await this.controlFile.read()
    if (!control) throw refused('there is no readable data directory on this server yet')
    return control
  }

  /** The guard against acting on a server that is not the one the plan meant. */
  async expectSystem(systemIdentifier: string): Promise<void> {
    const control = await this.readControl()
    if (control.systemIdentifier !== systemIdentifier) {
      throw refused(`this server belongs to system ${control.systemIdentifier}, the plan is for ${systemIdentifier}`)
    }
  }

  /** The control file alone may lag behind a promotion, so what the agent saw itself counts too. */
  async ownTimeline(): Promise<number> {
    const control = await this.readControl()
    return Math.max(control.control.timeline, control.recoveryTimeline, this.state.current.writableTimeline ?? 0)
  }

  fenceMark(
    reason: FenceMark['reason'],
    runId: string | null,
    generation = this.state.current.newestGeneration,
  ): FenceMark {
    return { reason, generation, runId, at: new Date().toISOString() }
  }

  /** As the state on disk has it, for the next start or reload. */
  async writeSettings(): Promise<void> {
    await this.directory.writeSettings(this.state.current.follows, this.state.current.replay)
  }

  /** Starts read-only: the signal is on disk before the program runs. */
  async startStandby(waitMs = standbyWaitMs): Promise<boolean> {
    if (this.state.current.incomplete) throw refused('the data directory is half rewritten; it needs a fresh base copy')
    await this.directory.placeStandbySignal()
    return await this.launch(waitMs)
  }

  /** Starts writable. Only `unfence`, `assertWriter` and the first start of a new cluster come here. */
  async startPrimary(waitMs = primaryWaitMs): Promise<void> {
    this.sight.begin(monotonicMs())
    await this.directory.removeStandbySignal()
    if (!(await this.launch(waitMs))) throw failed('PostgreSQL is still recovering; observe it')
    this.sight.begin(monotonicMs())
  }

  private async launch(waitMs: number): Promise<boolean> {
    await this.writeSettings()
    await this.directory.writeAccess()
    this.desired = 'running'
    return await this.postmaster.start(waitMs)
  }

  /** Stops a server that the agent is about to start differently. */
  async stopFirst(deadlineMs: number): Promise<void> {
    this.admin.close()
    if (!(await this.postmaster.stopFast(deadlineMs))) throw failed('PostgreSQL did not stop in time; observe it')
  }
}
