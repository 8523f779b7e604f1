import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { failed } from './agent-error'
import type { AgentConfig } from './config'
import type { FileOwner } from './durable-file'
import { monotonicMs, pollUntil } from './poll'
import { type FoundProcess, processesIn, signal } from './processes'
import { childOptions, programPath } from './tools'

export type StopManner = 'already' | 'fast' | 'immediate' | 'killed'

/** A log of more than this is set aside at the next start; one older log is kept. */
const logLimitBytes = 16 * 1024 * 1024
/** SIGKILL needs no cooperation: what still lives after this long sits in the kernel and cannot be killed at all. */
const killGraceMs = 1_000

/** The processes of the one PostgreSQL server: starting them, finding them, ending them. Knows nothing of roles. */
export class Postmaster {
  constructor(
    private readonly config: AgentConfig,
    private readonly owner: FileOwner | undefined,
    private readonly directory = config.postgres.dataDirectory,
  ) {}

  /** All of them, the orphans of a dead postmaster too. */
  processes(): FoundProcess[] {
    return processesIn(this.directory)
  }

  get isRunning(): boolean {
    return this.processes().length > 0
  }

  /** The live postmaster, or null: the pid in the file counts only if that process works in the data directory. */
  pid(): number | null {
    const pid = Number(this.pidFileLine(1))
    return this.processes().some((found) => found.pid === pid) ? pid : null
  }

  /** What the postmaster says of itself: `starting`, `ready`, `stopping`; null when there is none. */
  status(): string | null {
    return this.pid() === null ? null : this.pidFileLine(8)
  }

  private pidFileLine(line: number): string | null {
    try {
      return readFileSync(join(this.directory, 'postmaster.pid'), 'utf8').split('\n')[line - 1]?.trim() ?? null
    } catch {
      return null
    }
  }

  /**
   * Starts the server and waits until it takes connections.
   * @returns false when it is still recovering after `waitMs`
   * @throws failed when it ended instead
   */
  async start(waitMs: number): Promise<boolean> {
    if (this.pid() === null) {
      await this.killAll(killGraceMs)
      await this.clearStalePidFile()
      await this.spawn()
    }
    let lastSeen = monotonicMs()
    let gone = false
    const ready = await pollUntil(() => {
      if (this.isRunning) lastSeen = monotonicMs()
      // The first moments after the fork pass in the program loader, before the pid file is there.
      gone = monotonicMs() - lastSeen > 300
      return gone || this.status() === 'ready'
    }, waitMs)
    if (gone) throw failed('PostgreSQL did not start; its log on the host says why')
    return ready
  }

  private async spawn(): Promise<void> {
    const path = join(this.config.stateDirectory, 'postgres.log')
    const size = await stat(path).then(
      (file) => file.size,
      () => 0,
    )
    if (size > logLimitBytes) await rename(path, `${path}.1`)
    const log = await open(path, 'a', 0o600)
    try {
      const child = spawn(programPath(this.config, 'postgres'), ['-D', this.directory], {
        ...childOptions(this.config, this.owner),
        // In the data directory from its first instruction, so that a fence by another agent process finds it.
        cwd: this.directory,
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
      })
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve)
        child.once('error', (error) => reject(failed('the PostgreSQL program could not be run', error)))
      })
      child.unref()
    } finally {
      await log.close()
    }
  }

  /** A number left behind may belong to somebody else by now, and PostgreSQL would then refuse to start. */
  private async clearStalePidFile(): Promise<void> {
    if (!this.isRunning) await rm(join(this.directory, 'postmaster.pid'), { force: true })
  }

  /** Asks for a fast stop: sessions are ended, WAL is sent to connected standbys, a shutdown checkpoint is written. */
  async stopFast(deadlineMs: number): Promise<boolean> {
    const pid = this.pid()
    if (pid === null) return !this.isRunning
    signal(pid, 'SIGINT')
    return await pollUntil(() => !this.isRunning, deadlineMs)
  }

  /**
   * Stops whatever is there by the deadline: fast, then immediately, then by SIGKILL. A frozen process obeys nothing but SIGKILL,
   * and neither a frozen postmaster nor one with a frozen child can stop in order, so then the gentle ways are skipped.
   */
  async stopByAllMeans(deadlineMs: number): Promise<{ stopped: boolean; how: StopManner }> {
    const end = monotonicMs() + deadlineMs
    const pid = this.pid()
    if (!this.isRunning) return { stopped: true, how: 'already' }
    if (pid !== null && !this.processes().some((found) => found.frozen)) {
      signal(pid, 'SIGINT')
      if (await this.waitForEnd(deadlineMs * 0.6)) return { stopped: true, how: 'fast' }
      signal(pid, 'SIGQUIT')
      if (await this.waitForEnd(deadlineMs * 0.2)) return { stopped: true, how: 'immediate' }
    }
    const stopped = await this.killAll(Math.max(end - monotonicMs(), killGraceMs))
    if (stopped) await this.clearStalePidFile()
    return { stopped, how: 'killed' }
  }

  /** True when all ended; false early when something was frozen meanwhile. */
  private async waitForEnd(deadlineMs: number): Promise<boolean> {
    await pollUntil(() => {
      const left = this.processes()
      return left.length === 0 || left.some((found) => found.frozen)
    }, deadlineMs)
    return !this.isRunning
  }

  /** The postmaster first: it is the only one that makes new processes. */
  private async killAll(deadlineMs: number): Promise<boolean> {
    const pid = this.pid()
    if (pid !== null) signal(pid, 'SIGKILL')
    return await pollUntil(() => {
      const left = this.processes()
      for (const found of left) signal(found.pid, 'SIGKILL')
      return left.length === 0
    }, deadlineMs)
  }

  /** Reads the settings again. */
  reload(): void {
    const pid = this.pid()
    if (pid !== null) signal(pid, 'SIGHUP')
  }
}
