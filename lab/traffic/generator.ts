import type { TrafficConfig } from '@/lab/traffic/config'
import type { Ledger } from '@/lab/traffic/ledger'
import { type Kind, OutageTracker } from '@/lab/traffic/outages'
import { type Promised, type Promises, targetOf } from '@/lab/traffic/promises'
import { SharedUsers } from '@/lab/traffic/shared-users'
import { codeIn, type Outcome, User } from '@/lab/traffic/user'

const tickMs = 25
/** After a pause (the machine slept, the process was stopped) what was missed is not made up for. */
const longestTickMs = 250
/** Four of five follows go to one of this many newest links, as attention does. */
const hotLinks = 500

export type Tally = {
  creates: { acknowledged: number; failed: number; unknown: number }
  follows: { ok: number; failed: number; missing: number; wrong: number }
}

/** Users at work: creates and follows at fixed rates, whatever becomes of them. */
export class Generator {
  readonly tally: Tally = {
    creates: { acknowledged: 0, failed: 0, unknown: 0 },
    follows: { ok: 0, failed: 0, missing: 0, wrong: 0 },
  }
  readonly outages: OutageTracker
  lastOkAt: number | null = null
  region: string | null = null
  /** Users of the name that both regions serve; null when there are none. */
  readonly shared: SharedUsers | null
  private readonly users: User[]
  private readonly recentOk: number[] = []
  private readonly owed: Record<Kind, number> = { create: 0, follow: 0 }
  private readonly underWay = new Set<Promise<void>>()
  private turn = 0
  private timer: NodeJS.Timeout | undefined
  private lastTick = 0

  constructor(
    private readonly config: TrafficConfig,
    private readonly ledger: Ledger,
    private readonly promises: Promises,
    private nextSerial: number,
  ) {
    const site = { name: config.name, port: config.port, timeoutMs: config.timeoutMs }
    this.users = config.resolvers.map((resolver) => new User(resolver, site))
    this.shared = config.shared ? new SharedUsers(config, config.shared, ledger, promises) : null
    this.outages = new OutageTracker((outage) => {
      const text = (at: number) => new Date(at).toISOString()
      const { from, firstFailedAt, to, failedRequests } = outage
      const times = {
        from: from === null ? null : text(from),
        firstFailedAt: text(firstFailedAt),
        to: text(to ?? firstFailedAt),
      }
      ledger.append({ kind: 'outage', ...times, failedRequests })
    })
  }

  get running(): boolean {
    return this.timer !== undefined
  }

  start(): void {
    if (this.running) return
    this.ledger.append({ kind: 'started' })
    this.lastTick = performance.now()
    this.timer = setInterval(() => this.tick(), tickMs)
  }

  /** Requests under way still end, and are counted. */
  stop(): void {
    if (!this.running) return
    clearInterval(this.timer)
    this.timer = undefined
    this.ledger.append({ kind: 'stopped' })
  }

  /** Waits for the answers under way, which takes no longer than one request may. */
  async close(): Promise<void> {
    this.stop()
    await Promise.all(this.underWay)
    for (const user of this.users) user.close()
    this.shared?.close()
  }

  /** Good answers a second, over the last five. */
  ratePerSecond(): number {
    const now = performance.now()
    while ((this.recentOk[0] ?? now) < now - 5_000) this.recentOk.shift()
    return this.recentOk.length / 5
  }

  /** Follows one link by name. 'undetermined' when the service did not say. */
  async look({
    code,
    serial,
  }: Promised): Promise<{ verdict: 'ok' | 'missing' | 'wrong' | 'undetermined'; got: string; outcome: Outcome }> {
    const outcome = await this.nextUser().send('GET', `/${code}`)
    if (!outcome.ok) return { verdict: 'undetermined', got: outcome.failure.reason, outcome }
    const { status, location } = outcome.answer
    const got = `${status} ${location ?? ''}`.trim()
    if (status === 404) return { verdict: 'missing', got, outcome }
    if (status !== 302) return { verdict: 'undetermined', got, outcome }
    return { verdict: location === targetOf(serial) ? 'ok' : 'wrong', got, outcome }
  }

  private nextUser(): User {
    this.turn += 1
    const user = this.users[this.turn % this.users.length]
    if (!user) throw new Error('there is no resolver to ask')
    return user
  }

  private tick(): void {
    const now = performance.now()
    const seconds = Math.min(now - this.lastTick, longestTickMs) / 1_000
    this.lastTick = now
    this.owed.create += this.config.createsPerSecond * seconds
    this.owed.follow += this.config.followsPerSecond * seconds
    for (; this.owed.create >= 1; this.owed.create -= 1) this.track(this.create())
    for (; this.owed.follow >= 1; this.owed.follow -= 1) this.track(this.follow())
  }

  private track(work: Promise<void>): void {
    const tracked = work.finally(() => this.underWay.delete(tracked))
    this.underWay.add(tracked)
  }

  private async create(): Promise<void> {
    const serial = this.nextSerial
    this.nextSerial += 1
    if (this.shared?.takesNext()) return this.shared.create(serial)
    const url = targetOf(serial)
    const sentAt = Date.now()
    const outcome = await this.nextUser().send('POST', '/links', JSON.stringify({ url }))
    const code = outcome.ok ? codeIn(outcome.answer) : null
    if (outcome.ok && code !== null) {
      this.ledger.append({ kind: 'acknowledged', code, url, region: outcome.answer.region, address: outcome.address })
      this.promises.add({ code, serial })
      this.tally.creates.acknowledged += 1
      this.good('create', sentAt, outcome.answer.region)
      return
    }
    // 504: the service itself does not know what became of it.
    const unknown = outcome.ok ? outcome.answer.status === 504 : outcome.failure.sent
    this.tally.creates[unknown ? 'unknown' : 'failed'] += 1
    this.bad('create', sentAt, unknown ? 'unknown' : 'failed', outcome)
  }

  private async follow(): Promise<void> {
    const { count } = this.promises
    const reach = Math.random() < 0.8 ? Math.min(count, hotLinks) : count
    const promised = this.promises.get(count - 1 - Math.floor(Math.random() * reach))
    if (!promised) return
    if (this.shared?.takesNext()) return this.shared.follow(promised)
    const sentAt = Date.now()
    const { verdict, got, outcome } = await this.look(promised)
    if (verdict === 'undetermined' || !outcome.ok) {
      this.tally.follows.failed += 1
      return this.bad('follow', sentAt, 'failed', outcome)
    }
    const { region } = outcome.answer
    this.tally.follows[verdict] += 1
    // A service that has lost a link is up: this is loss, not an outage.
    if (verdict !== 'ok') this.ledger.append({ kind: verdict, code: promised.code, got, region })
    this.good('follow', sentAt, region)
  }

  private good(kind: Kind, sentAt: number, region: string | null): void {
    this.lastOkAt = Date.now()
    this.region = region ?? this.region
    this.recentOk.push(performance.now())
    this.ratePerSecond()
    this.outages.ok(kind, sentAt, this.lastOkAt)
  }

  private bad(operation: Kind, sentAt: number, outcome: 'failed' | 'unknown', result: Outcome): void {
    const reason = result.ok ? `status ${result.answer.status}` : result.failure.reason
    this.ledger.append({ kind: 'failed', operation, outcome, reason, address: result.address })
    this.outages.failed(operation, sentAt, Date.now())
  }
}
