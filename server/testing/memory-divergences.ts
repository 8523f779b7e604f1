import type { StrandedRow } from '@/server/domain/agent-protocol'
import type { KeptTable } from '@/server/domain/plan/failback-steps'
import type { DivergenceStore, FoundDivergence, KeptDivergence } from '@/server/ports/divergence-store'

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

  async read(id: string): Promise<KeptDivergence | null> {
    return this.held.has(id) ? this.view(id) : null
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
