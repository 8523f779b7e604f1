import type { TrafficConfig } from '@/lab/traffic/config'
import type { Ledger } from '@/lab/traffic/ledger'
import { type Promised, type Promises, targetOf } from '@/lab/traffic/promises'
import { codeIn, type Outcome, User } from '@/lab/traffic/user'

export type SharedTally = {
  name: string
  creates: { acknowledged: number; failed: number; unknown: number }
  follows: { ok: number; failed: number; missing: number; wrong: number }
  /** Good answers by the region that gave them. */
  regions: Record<string, number>
}

/**
 * Users of the name that both regions serve. What they are promised is in the ledger like any promise; what they meet is counted apart, since an outage and its length are
 * those of the name that follows the writer.
 */
export class SharedUsers {
  readonly tally: SharedTally
  private readonly users: User[]
  private turn = 0
  private owed = 0

  constructor(
    config: TrafficConfig,
    private readonly shared: NonNullable<TrafficConfig['shared']>,
    private readonly ledger: Ledger,
    private readonly promises: Promises,
  ) {
    const site = { name: shared.name, port: config.port, timeoutMs: config.timeoutMs }
    this.users = config.resolvers.map((resolver) => new User(resolver, site))
    this.tally = {
      name: shared.name,
      creates: { acknowledged: 0, failed: 0, unknown: 0 },
      follows: { ok: 0, failed: 0, missing: 0, wrong: 0 },
      regions: {},
    }
  }

  /** Whether the next request is one of these users': their share of all, evenly spread. */
  takesNext(): boolean {
    this.owed += this.shared.share
    if (this.owed < 1) return false
    this.owed -= 1
    return true
  }

  async create(serial: number): Promise<void> {
    const url = targetOf(serial)
    const outcome = await this.next().send('POST', '/links', JSON.stringify({ url }))
    const code = outcome.ok ? codeIn(outcome.answer) : null
    if (outcome.ok && code !== null) {
      this.ledger.append({ kind: 'acknowledged', code, url, region: outcome.answer.region, address: outcome.address })
      this.promises.add({ code, serial })
      this.tally.creates.acknowledged += 1
      return this.answered(outcome)
    }
    // 504: the service itself does not know what became of it.
    const unknown = outcome.ok ? outcome.answer.status === 504 : outcome.failure.sent
    this.tally.creates[unknown ? 'unknown' : 'failed'] += 1
  }

  async follow({ code, serial }: Promised): Promise<void> {
    const outcome = await this.next().send('GET', `/${code}`)
    const status = outcome.ok ? outcome.answer.status : null
    if (!outcome.ok || (status !== 302 && status !== 404)) {
      this.tally.follows.failed += 1
      return
    }
    const verdict = status === 404 ? 'missing' : outcome.answer.location === targetOf(serial) ? 'ok' : 'wrong'
    this.tally.follows[verdict] += 1
    this.answered(outcome)
  }

  close(): void {
    for (const user of this.users) user.close()
  }

  private answered(outcome: Outcome): void {
    const region = outcome.ok ? outcome.answer.region : null
    if (region !== null) this.tally.regions[region] = (this.tally.regions[region] ?? 0) + 1
  }

  private next(): User {
    this.turn += 1
    const user = this.users[this.turn % this.users.length]
    if (!user) throw new Error('there is no resolver to ask')
    return user
  }
}
