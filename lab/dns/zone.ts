import { randomBytes } from 'node:crypto'
import { applyChanges } from '@/lab/dns/change-batch'
import { absoluteName, type Change, inZone, listOrder, type RecordSet, Route53Error } from '@/lab/dns/model'

export type ChangeInfo = { id: string; status: 'PENDING' | 'INSYNC'; submittedAt: string; comment: string }

/** What is kept over a restart. `pending` holds the zone's whole content after each change, in order. */
export type ZoneState = {
  records: RecordSet[]
  served: RecordSet[]
  pending: { changeId: string; dueAt: number; records: RecordSet[] }[]
  changes: ChangeInfo[]
}

export type ZoneOptions = { zone: string; zoneId: string; insyncMs: number; negativeTtlSeconds: number }

/** Changes that GetChange still knows. */
const keptChanges = 1_000

/**
 * A hosted zone with its two faces: what the API lists, which follows a change at once, and what DNS answers, which
 * follows when the change is INSYNC.
 */
export class Zone {
  readonly name: string
  private timer: NodeJS.Timeout | undefined

  constructor(
    readonly options: ZoneOptions,
    private readonly state: ZoneState,
    private readonly save: (state: ZoneState) => void,
    private readonly now: () => number = Date.now,
  ) {
    this.name = absoluteName(options.zone)
    this.settle()
  }

  /** A fresh zone: the given records, and the SOA and NS that every hosted zone has. */
  static initialState(options: ZoneOptions, records: RecordSet[]): ZoneState {
    const zone = absoluteName(options.zone)
    const minimum = options.negativeTtlSeconds
    const apex: RecordSet[] = [
      { name: zone, type: 'NS', ttlSeconds: 172_800, values: [`ns.${zone}`] },
      {
        name: zone,
        type: 'SOA',
        ttlSeconds: Math.max(minimum, 1),
        values: [`ns.${zone} hostmaster.${zone} 1 7200 900 1209600 ${minimum}`],
      },
    ]
    const all = [...apex, ...records.map((record) => ({ ...record, name: absoluteName(record.name) }))].toSorted(
      listOrder,
    )
    return { records: all, served: all, pending: [], changes: [] }
  }

  get records(): RecordSet[] {
    return this.state.records
  }

  /** @throws Route53Error InvalidChangeBatch; then nothing was changed */
  change(changes: Change[], comment: string): ChangeInfo {
    const result = applyChanges(this.name, this.state.records, changes)
    if (!result.ok) throw new Route53Error('InvalidChangeBatch', `[${result.messages.join(', ')}]`)
    const id = `C${randomBytes(10).toString('hex').toUpperCase()}`
    const submittedAt = this.now()
    const info: ChangeInfo = { id, status: 'PENDING', submittedAt: new Date(submittedAt).toISOString(), comment }
    this.state.records = result.records
    this.state.pending.push({ changeId: id, dueAt: submittedAt + this.options.insyncMs, records: result.records })
    this.state.changes = [...this.state.changes, info].slice(-keptChanges)
    this.save(this.state)
    this.settle()
    return info
  }

  findChange(id: string): ChangeInfo | undefined {
    this.settle()
    return this.state.changes.find((change) => change.id === id)
  }

  /** Record sets that DNS answers for exactly this name. */
  served(name: string): RecordSet[] {
    this.settle()
    return this.state.served.filter((record) => record.name === name)
  }

  /** Whether the name exists: it has records, or a name below it has. */
  exists(name: string): boolean {
    return this.state.served.some((record) => inZone(record.name, name))
  }

  close(): void {
    clearTimeout(this.timer)
  }

  private settle(): void {
    const due = this.state.pending.filter((pending) => pending.dueAt <= this.now())
    for (const pending of due) {
      this.state.served = pending.records
      const info = this.state.changes.find((change) => change.id === pending.changeId)
      if (info) info.status = 'INSYNC'
    }
    if (due.length > 0) {
      this.state.pending = this.state.pending.filter((pending) => !due.includes(pending))
      this.save(this.state)
    }
    const next = this.state.pending[0]
    clearTimeout(this.timer)
    if (next) this.timer = setTimeout(() => this.settle(), Math.max(1, next.dueAt - this.now()))
  }
}
