import { randomUUID } from 'node:crypto'
import type { HealthCheckConfig } from '@/lab/dns/config'
import { type ProbeOutcome, probeEndpoint } from '@/lab/dns/health-probe'
import { type HealthCheck, Route53Error } from '@/lab/dns/model'

/** The checkers: where Route 53 says they are. The lab's all look from this machine. */
const checkerRegions = ['us-east-1', 'us-west-1', 'us-west-2', 'eu-west-1', 'sa-east-1']
/** A check is healthy when more than this share of its checkers says so. */
const healthyShare = 0.18

/** `healthy` null: not enough looks yet. `streak` counts the looks in a row that ended like the last one (`lastOk`). */
type Checker = {
  region: string
  healthy: boolean | null
  lastOk: boolean | null
  streak: number
  last: string
  checkedAt: string
}
type Watched = { check: HealthCheck; checkers: Checker[]; timers: NodeJS.Timeout[] }

export type Observation = { region: string; ipAddress: string; status: string; checkedAt: string }
/** What is kept over a restart: a restart of the lab's DNS must not look like a new check. */
export type HealthState = { checks: HealthCheck[]; verdicts: Record<string, (boolean | null)[]> }

export type HealthOptions = { intervalMs: number; timeoutMs: number }

/** All health checks of the account, each looked after by five checkers that know nothing of each other. */
export class HealthChecks {
  private readonly watched = new Map<string, Watched>()

  constructor(
    private readonly options: HealthOptions,
    state: HealthState,
    private readonly changed: () => void,
  ) {
    for (const check of state.checks) this.watch(check, state.verdicts[check.id])
  }

  static fromConfig(check: HealthCheckConfig): HealthCheck {
    return { ...check, callerReference: check.callerReference ?? check.id, version: 1 }
  }

  get state(): HealthState {
    const all = [...this.watched.values()]
    return {
      checks: all.map((one) => one.check),
      verdicts: Object.fromEntries(all.map((one) => [one.check.id, one.checkers.map((checker) => checker.healthy)])),
    }
  }

  list(): HealthCheck[] {
    return [...this.watched.values()].map((one) => one.check)
  }

  get(id: string): HealthCheck {
    return this.need(id).check
  }

  has(id: string): boolean {
    return this.watched.has(id)
  }

  /** A repeated call with the same reference and settings is the same check. */
  create(config: Omit<HealthCheckConfig, 'id'>, callerReference: string): { check: HealthCheck; created: boolean } {
    const existing = this.list().find((check) => check.callerReference === callerReference)
    if (existing) {
      const settings = (check: HealthCheck) =>
        JSON.stringify({ ...check, id: '', version: 0 }, Object.keys(check).sort())
      if (settings({ ...existing, ...config, callerReference }) !== settings(existing)) {
        throw new Route53Error(
          'HealthCheckAlreadyExists',
          'A health check with this caller reference has other settings',
          409,
        )
      }
      return { check: existing, created: false }
    }
    const check: HealthCheck = { ...config, id: randomUUID(), callerReference, version: 1 }
    this.watch(check)
    this.changed()
    return { check, created: true }
  }

  update(id: string, changes: Partial<HealthCheckConfig>, expectedVersion: number | undefined): HealthCheck {
    const { check } = this.need(id)
    if (expectedVersion !== undefined && expectedVersion !== check.version) {
      throw new Route53Error('HealthCheckVersionMismatch', 'The health check has another version', 409)
    }
    const updated = { ...check, ...changes, id, version: check.version + 1 }
    const previous = this.unwatch(id)
    this.watch(
      updated,
      previous?.checkers.map((checker) => checker.healthy),
    )
    this.changed()
    return updated
  }

  delete(id: string): void {
    this.need(id)
    this.unwatch(id)
    this.changed()
  }

  /**
   * The verdict that routing uses. Disabled: healthy. Too few looks: healthy, too. Inverted turns either around. A record may
   * name a check that was deleted; it counts as healthy.
   */
  isHealthy(id: string): boolean {
    const one = this.watched.get(id)
    if (!one) return true
    const voices = one.checkers.filter((checker) => checker.healthy !== null)
    const healthyVoices = voices.filter((checker) => checker.healthy).length
    const endpointHealthy = one.check.disabled || voices.length === 0 || healthyVoices / voices.length > healthyShare
    return endpointHealthy !== one.check.inverted
  }

  /** What each checker saw last, of the endpoint itself: inversion does not show here. */
  observations(id: string): Observation[] {
    const one = this.need(id)
    return one.checkers
      .filter((checker) => checker.last !== '')
      .map((checker) => ({
        region: checker.region,
        ipAddress: one.check.ipAddress,
        status: checker.last,
        checkedAt: checker.checkedAt,
      }))
  }

  close(): void {
    for (const id of [...this.watched.keys()]) this.unwatch(id)
  }

  private need(id: string): Watched {
    const one = this.watched.get(id)
    if (!one) throw new Route53Error('NoSuchHealthCheck', `No health check exists with the specified ID ${id}`, 404)
    return one
  }

  private watch(check: HealthCheck, verdicts: (boolean | null)[] = []): void {
    const checkers = checkerRegions.map((region, index) => ({
      region,
      healthy: verdicts[index] ?? null,
      lastOk: null,
      streak: 0,
      last: '',
      checkedAt: '',
    }))
    const one: Watched = { check, checkers, timers: [] }
    this.watched.set(check.id, one)
    if (check.disabled) return
    checkers.forEach((checker, index) => {
      // Spread over the interval, as uncoordinated checkers are.
      one.timers[index] = setTimeout(
        () => this.round(one, checker, index),
        (index * this.options.intervalMs) / checkers.length,
      )
    })
  }

  private unwatch(id: string): Watched | undefined {
    const one = this.watched.get(id)
    this.watched.delete(id)
    for (const timer of one?.timers ?? []) clearTimeout(timer)
    return one
  }

  private round(one: Watched, checker: Checker, index: number): void {
    one.timers[index] = setTimeout(() => this.round(one, checker, index), this.options.intervalMs)
    void probeEndpoint(one.check, this.options.timeoutMs).then((outcome) => {
      if (this.watched.get(one.check.id) !== one) return
      if (note(checker, outcome, one.check.failureThreshold)) this.changed()
    })
  }
}

/** @returns whether the checker's verdict changed */
function note(checker: Checker, outcome: ProbeOutcome, threshold: number): boolean {
  checker.last = outcome.status
  checker.checkedAt = new Date().toISOString()
  checker.streak = checker.lastOk === outcome.ok ? checker.streak + 1 : 1
  checker.lastOk = outcome.ok
  if (checker.healthy === outcome.ok || checker.streak < threshold) return false
  checker.healthy = outcome.ok
  return true
}
