import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { HostConfig, ProcessConfig } from '@/lab/platform/config'
import type { HostRecord } from '@/lab/platform/state'
import { type FoundProcess, identityOf, isAlive, killBelow, processesBelow, signal } from '@/lab/processes'
import type { HostState } from '@/server/ports/managed'

/** What systemd's RestartSec would be. */
const restartAfterMs = 1_000
const freezeDeadlineMs = 2_000

export interface HostDescription {
  hostId: string
  state: HostState
  observedAt: string
  reason: string
}

function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1)
  } catch {
    return []
  }
}

/** One machine: its power switch, and the processes that are meant to run while it is on. */
export class Host {
  private readonly deadSince = new Map<string, number>()
  private halted = false
  private turn: Promise<unknown> = Promise.resolve()

  constructor(
    readonly config: HostConfig,
    private readonly record: HostRecord,
    private readonly save: () => Promise<void>,
    private readonly logger: Logger,
  ) {
    for (const one of config.processes) this.adopt(one)
  }

  processes(): FoundProcess[] {
    return processesBelow([this.config.directory])
  }

  /** From the processes that exist, not from what was asked for. */
  describe(): HostDescription {
    const found = this.processes().length
    const { on, since, reason } = this.record
    const isUp = this.config.processes.some((one) => this.isRunning(one.name))
    const state = on ? (isUp ? 'running' : 'starting') : found > 0 ? 'stopping' : 'stopped'
    return {
      hostId: this.config.hostId,
      state,
      observedAt: new Date().toISOString(),
      reason: `${on ? 'power on' : 'power off'} since ${since} (${reason}); ${found} processes`,
    }
  }

  /** Cuts the power: nothing of the host is left when this resolves. @returns how many processes ended */
  stop(reason: string): Promise<number> {
    return this.inTurn(async () => {
      await this.setPower(false, reason)
      const ended = await killBelow([this.config.directory])
      this.record.running = {}
      await this.save()
      this.logger.info({ host: this.config.hostId, reason, ended }, 'power off')
      return ended
    })
  }

  /** @returns how many processes were started: none when the power was on */
  start(reason: string): Promise<number> {
    return this.inTurn(async () => {
      if (this.record.on) return 0
      this.deadSince.clear()
      await this.setPower(true, reason)
      this.logger.info({ host: this.config.hostId, reason }, 'power on')
      return await this.startMissing(Date.now())
    })
  }

  /** Starts what is missing: at once what never ran, after a second what died by itself. Called each quarter of a second. */
  watch(): Promise<number> {
    return this.inTurn(() => this.startMissing(Date.now() - restartAfterMs))
  }

  /** SIGSTOP; children born meanwhile are caught by looking again. @returns how many are frozen now */
  async freeze(grey: boolean): Promise<number> {
    const targets = () => (grey ? this.greyProcesses() : this.processes())
    // A signal takes effect when its process is next given a processor: on a busy machine that takes a while.
    const until = Date.now() + freezeDeadlineMs
    while (Date.now() < until && targets().some((one) => !one.frozen)) {
      for (const one of targets()) if (!one.frozen) signal(one, 'SIGSTOP')
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    return targets().filter((one) => one.frozen).length
  }

  thaw(): number {
    return this.processes().filter((one) => one.frozen && signal(one, 'SIGCONT')).length
  }

  /**
   * Ends everything in order (PostgreSQL fast) without touching the power switch: the lab goes home, the machines do not
   * fail. What has not ended by `deadlineMs` is killed.
   */
  async halt(deadlineMs: number): Promise<number> {
    this.halted = true
    await this.turn.catch(() => undefined)
    const found = this.processes()
    const postmaster = this.postmasterPid()
    for (const one of found) if (one.frozen) signal(one, 'SIGCONT')
    const mains = Object.values(this.record.running)
    for (const one of mains) signal(one, 'SIGTERM')
    for (const one of found) if (one.pid === postmaster) signal(one, 'SIGINT')
    const until = Date.now() + deadlineMs
    while (Date.now() < until && this.processes().length > 0) await new Promise((resolve) => setTimeout(resolve, 25))
    await killBelow([this.config.directory])
    return found.length
  }

  private inTurn<T>(action: () => Promise<T>): Promise<T> {
    const result = this.turn.then(action, action)
    this.turn = result.catch(() => undefined)
    return result
  }

  private async setPower(on: boolean, reason: string): Promise<void> {
    if (this.record.on !== on) Object.assign(this.record, { on, reason, since: new Date().toISOString() })
    await this.save()
  }

  private isRunning(name: string): boolean {
    const identity = this.record.running[name]
    return identity !== undefined && isAlive(identity)
  }

  /** A platform that died between starting a process and writing it down must not start a second one. */
  private adopt(wanted: ProcessConfig): void {
    if (this.isRunning(wanted.name)) return
    const line = [wanted.program, ...wanted.args].join('\0')
    const found = this.processes().find((one) => commandLine(one.pid).join('\0') === line)
    if (found !== undefined) this.record.running[wanted.name] = { pid: found.pid, startTicks: found.startTicks }
  }

  private async startMissing(diedBefore: number): Promise<number> {
    if (!this.record.on || this.halted) return 0
    let started = 0
    for (const one of this.config.processes) {
      if (this.isRunning(one.name)) {
        this.deadSince.delete(one.name)
        continue
      }
      const ranBefore = this.record.running[one.name] !== undefined
      const since = this.deadSince.get(one.name) ?? Date.now()
      if (!this.deadSince.has(one.name) && ranBefore)
        this.logger.warn({ host: this.config.hostId, process: one.name }, 'ended by itself')
      this.deadSince.set(one.name, since)
      if (ranBefore && since > diedBefore) continue
      this.spawn(one)
      started += 1
    }
    if (started > 0) await this.save()
    return started
  }

  private spawn(one: ProcessConfig): void {
    const log = openSync(one.logFile, 'a')
    try {
      const child = spawn(one.program, one.args, {
        cwd: this.config.directory,
        env: { NODE_ENV: 'production', ...one.environment },
        // A session of its own: a terminal's Ctrl-C must not reach a region, and no terminal may be inherited.
        detached: true,
        stdio: ['ignore', log, log],
      })
      child.on('error', (error) => this.logger.error({ process: one.name, reason: error.message }, 'did not start'))
      child.unref()
      const identity = child.pid === undefined ? null : identityOf(child.pid)
      this.record.running[one.name] = identity ?? { pid: child.pid ?? 0, startTicks: 0 }
      this.deadSince.delete(one.name)
    } finally {
      closeSync(log)
    }
  }

  private greyProcesses(): FoundProcess[] {
    const grey = this.config.grey
    if (grey === undefined) return []
    const pids = [this.record.running[grey.process]?.pid, this.postmasterPid()]
    return this.processes().filter((one) => pids.includes(one.pid))
  }

  private postmasterPid(): number | undefined {
    if (this.config.grey === undefined) return undefined
    try {
      const text = readFileSync(join(this.config.grey.dataDirectory, 'postmaster.pid'), 'utf8')
      return Number(text.split('\n')[0])
    } catch {
      return undefined
    }
  }
}
