import { type ChildProcess, spawn } from 'node:child_process'
import { request } from 'node:http'

export type InstanceOptions = {
  name: string
  index: number
  host: string
  port: number
  hash: string
  script: string
  environment: Record<string, string>
  readiness: { intervalMs: number; timeoutMs: number; failureThreshold: number }
  terminationGraceMs: number
}

/** How often an instance that has not been ready yet is asked. */
const startingProbeMs = 50
const longestBackoffMs = 5_000
/** Having run this long, an instance starts anew with its backoff. */
const stableMs = 10_000
/** Between leaving the backends file and SIGTERM: the endpoint sends nothing more meanwhile. */
const drainMs = 300

/**
 * One instance: a child process below the cluster's working directory, restarted in place when it ends by itself, ready while
 * its `/health` says so.
 */
export class Instance {
  readonly startedAt = Date.now()
  restarts = 0
  ready = false
  readySince: string | null = null
  stopping = false
  /** Why it is not ready, in words. */
  reason = 'starting'
  private child: ChildProcess | null = null
  private failures = 0
  private backoffMs = 0
  private timer: NodeJS.Timeout | undefined
  private probing: NodeJS.Timeout | undefined
  private ended: Promise<void> = Promise.resolve()

  constructor(
    readonly options: InstanceOptions,
    private readonly changed: () => void,
  ) {
    this.start()
  }

  /** Drains, then ends the process. Resolves when it is gone. */
  async stop(): Promise<void> {
    if (this.stopping) return this.ended
    const wasReady = this.ready
    this.stopping = true
    this.setReady(false, 'stopping')
    clearTimeout(this.timer)
    clearTimeout(this.probing)
    if (wasReady) await new Promise((resolve) => setTimeout(resolve, drainMs))
    this.child?.kill('SIGTERM')
    const kill = setTimeout(() => this.child?.kill('SIGKILL'), this.options.terminationGraceMs)
    await this.ended
    clearTimeout(kill)
  }

  private start(): void {
    const { script, environment, host, port, index, name } = this.options
    const bornAt = Date.now()
    // The channel ends with us, and the instance with the channel: no instance outlives its cluster.
    const child = spawn(process.execPath, [script], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: {
        ...environment,
        NODE_ENV: 'production',
        PATH: process.env.PATH,
        LOG_LEVEL: process.env.LOG_LEVEL,
        HOST: host,
        PORT: String(port),
        INSTANCE: String(index),
        POD_NAME: name,
      },
    })
    this.child = child
    this.ended = new Promise((resolve) => {
      const end = () => {
        resolve()
        this.onEnd(Date.now() - bornAt)
      }
      child.once('exit', end)
      child.once('error', end)
    })
    this.probeIn(startingProbeMs)
  }

  private onEnd(livedMs: number): void {
    clearTimeout(this.probing)
    this.child = null
    this.setReady(false, 'the process ended')
    if (this.stopping) return
    this.restarts += 1
    this.backoffMs = livedMs > stableMs ? 0 : Math.min(longestBackoffMs, this.backoffMs * 2 || 100)
    this.timer = setTimeout(() => this.start(), this.backoffMs)
  }

  private probeIn(ms: number): void {
    clearTimeout(this.probing)
    this.probing = setTimeout(() => void this.probe(), ms)
  }

  private async probe(): Promise<void> {
    const child = this.child
    const answer = await this.ask()
    if (this.stopping || this.child !== child || child === null) return
    this.failures = answer.ok ? 0 : this.failures + 1
    if (answer.ok) this.setReady(true, '')
    else if (this.failures >= this.options.readiness.failureThreshold || !this.ready)
      this.setReady(false, answer.reason)
    const { intervalMs } = this.options.readiness
    this.probeIn(
      this.ready ? intervalMs : answer.answered ? Math.min(intervalMs, 4 * startingProbeMs) : startingProbeMs,
    )
  }

  private ask(): Promise<{ ok: boolean; answered: boolean; reason: string }> {
    const { host, port, readiness } = this.options
    return new Promise((resolve) => {
      const probe = request({ host, port, path: '/health', agent: false }, (response) => {
        response.resume()
        const status = response.statusCode ?? 0
        end({ ok: status === 200, answered: true, reason: `/health answered ${status}` })
      })
      const timer = setTimeout(
        () => end({ ok: false, answered: true, reason: '/health did not answer in time' }),
        readiness.timeoutMs,
      )
      const end = (answer: { ok: boolean; answered: boolean; reason: string }) => {
        clearTimeout(timer)
        resolve(answer)
        if (!answer.ok) probe.destroy()
      }
      probe.on('error', (error) => end({ ok: false, answered: false, reason: error.message }))
      probe.end()
    })
  }

  private setReady(ready: boolean, reason: string): void {
    this.reason = reason
    if (ready === this.ready) return
    this.ready = ready
    this.readySince = ready ? new Date().toISOString() : null
    this.changed()
  }
}
