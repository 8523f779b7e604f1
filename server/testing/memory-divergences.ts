import type { StrandedRow } from '@/server/domain/agent-protocol'
import type { KeptTable } from '@/server/domain/plan/failback-steps'
import type { DivergenceStore, FoundDivergence, KeptDivergence, RowOutcome } from '@/server/ports/divergence-store'

type Held = { found: FoundDivergence; rows: Map<number, StrandedRow>; tables: KeptTable[]; keptAt: string | null }

/** The store of divergences without a control database, for tests of steps alone. */
export class MemoryDivergences implements DivergenceStore {
  readonly held = new Map<string, Held>()

  async begin(found: FoundDivergence): Promise<KeptDivergence> {
    const id = [found.serverId, found.forkTimeline, found.forkLsn, found.endLsn].join(' ')
    if (!this.held.has(id)) this.held.set(id, { found, rows: new Map(), tables: [], keptAt: null })
    return this.view(id)
  }

  async putRows(id: string, rows: readonly StrandedRow[]): Promise<void> {
    const { rows: known } = this.get(id)
    for (const row of rows) if (!known.has(row.seq)) known.set(row.seq, row)
  }

  async keep(id: string, tables: readonly KeptTable[]): Promise<KeptDivergence> {
    const held = this.get(id)
    if (held.keptAt === null) Object.assign(held, { tables: [...tables], keptAt: new Date().toISOString() })
    return this.view(id)
  }

  async read(id: string) {
    return this.held.has(id) ? { ...this.view(id), decisions: this.decisions } : null
  }

  decisions: Record<string, string> = {}
  readonly outcomes = new Map<number, RowOutcome>()

  async rows(id: string, table: string, after: number, limit: number, wanted?: readonly string[]) {
    const said = ({ seq }: StrandedRow): boolean => wanted?.includes(this.outcomes.get(seq)?.outcome ?? '') ?? true
    const found = this.rowsOf(id).filter((each) => each.table === table && each.seq > after && said(each))
    return found.slice(0, limit)
  }

  async putOutcomes(_id: string, outcomes: readonly RowOutcome[]): Promise<void> {
    for (const each of outcomes) if (!this.outcomes.has(each.seq)) this.outcomes.set(each.seq, each)
  }

  async countOutcomes() {
    const found = new Map<string, { table: string; outcome: string; rows: number }>()
    for (const { table, outcome } of this.outcomes.values()) {
      const key = `${table} ${outcome}`
      found.set(key, { table, outcome, rows: (found.get(key)?.rows ?? 0) + 1 })
    }
    return [...found.values()]
  }

  rowsOf(id: string): StrandedRow[] {
    return [...this.get(id).rows.values()].sort((a, b) => a.seq - b.seq)
  }

  private get(id: string): Held {
    const held = this.held.get(id)
    if (!held) throw new Error(`no divergence ${id}`)
    return held
  }

  private view(id: string): KeptDivergence {
    const { found, rows, tables, keptAt } = this.get(id)
    return { id, serverId: found.serverId, rows: rows.size, tables, keptAt }
  }
}
