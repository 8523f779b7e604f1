import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import type { PostgresUser } from '@/lab/data-root'
import { identityOf, type ProcessIdentity } from '@/lab/processes'
import { LabProblem } from '@/lab/settings'

const restartAfterMs = 1_000
const readyPollMs = 50
const logTailLines = 12

/** One process of what is outside the regions. */
export interface OutsideProcess {
  name: string
  program: string
  args: string[]
  cwd: string
  environment: Record<string, string>
  logFile: string
  /** Whom it runs as; null is who started the lab. */
  user?: PostgresUser | null
  /** What asks it to end in order, and how long it may take before it is killed. */
  stopSignal: NodeJS.Signals
  stopMs: number
}

interface Running {
  wanted: OutsideProcess
  child: ChildProcess
  identity: ProcessIdentity | null
  restarts: number
  stopping: boolean
  exited: Promise<void>
  timer: NodeJS.Timeout | undefined
}

export interface OutsideStatus {
  name: string
  pid: number | null
  startTicks: number
  restarts: number
  logFile: string
}

function tail(file: string): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-logTailLines).join('\n')
  } catch {
    return '(no log)'
  }
}

/** Starts processes, starts them again a second after they die, and ends them in the order asked. */
export class Supervisor {
  private readonly running = new Map<string, Running>()
  private closed = false

  /** @param changed called whenever a pid is another one */
  constructor(private readonly changed: () => void) {}

  start(wanted: OutsideProcess): void {
    if (this.closed) throw new LabProblem(`${wanted.name} was not started: the lab is stopping.`)
    this.launch(wanted, 0)
  }

  /** Nothing is started from now on: a start that was given up may still be on its way to the next process. */
  close(): void {
    this.closed = true
  }

  status(): OutsideStatus[] {
    return [...this.running.values()].map(({ wanted, identity, restarts, child }) => ({
      name: wanted.name,
      pid: child.exitCode === null && child.signalCode === null ? (identity?.pid ?? null) : null,
      startTicks: identity?.startTicks ?? 0,
      restarts,
      logFile: wanted.logFile,
    }))
  }

  /** For faults of the control plane itself. @returns false when it does not run */
  signal(name: string, signal: NodeJS.Signals): boolean {
    return this.running.get(name)?.child.kill(signal) ?? false
  }

  /**
   * Waits until `check` says yes (anything it throws is a no).
   * @throws LabProblem with the end of the process's log when it does not within `deadlineMs`
   */
  async untilReady(name: string, check: () => Promise<boolean>, deadlineMs: number): Promise<void> {
    const until = Date.now() + deadlineMs
    while (!(await check().catch(() => false))) {
      const one = this.running.get(name)
      if (Date.now() > until || (one !== undefined && one.restarts >= 3)) {
        const file = one?.wanted.logFile ?? ''
        throw new LabProblem(`${name} did not come up. The end of ${file}:\n${tail(file)}`)
      }
      await new Promise((resolve) => setTimeout(resolve, readyPollMs))
    }
  }

  async stop(name: string): Promise<void> {
    const one = this.running.get(name)
    if (one === undefined) return
    one.stopping = true
    clearTimeout(one.timer)
    if (one.child.exitCode === null && one.child.signalCode === null) {
      one.child.kill(one.wanted.stopSignal)
      const kill = setTimeout(() => one.child.kill('SIGKILL'), one.wanted.stopMs)
      await one.exited
      clearTimeout(kill)
    }
    this.running.delete(name)
    this.changed()
  }

  private launch(wanted: OutsideProcess, restarts: number): void {
    const log = openSync(wanted.logFile, 'a')
    const child = spawn(wanted.program, wanted.args, {
      cwd: wanted.cwd,
      env: { NODE_ENV: 'production', ...wanted.environment },
      // A session of its own: Ctrl-C is for the supervisor, which ends things in order.
      detached: true,
      stdio: ['ignore', log, log],
      ...(wanted.user ? { uid: wanted.user.uid, gid: wanted.user.gid } : {}),
    })
    closeSync(log)
    const identity = child.pid === undefined ? null : identityOf(child.pid)
    const exited = new Promise<void>((resolve) => {
      child.once('exit', () => resolve())
      child.once('error', () => resolve())
    })
    const one: Running = { wanted, child, identity, restarts, stopping: false, exited, timer: undefined }
    this.running.set(wanted.name, one)
    this.changed()
    void exited.then(() => {
      if (one.stopping) return
      one.timer = setTimeout(() => this.launch(wanted, restarts + 1), restartAfterMs)
    })
  }
}
