import type { AgentObservation } from '../agent-protocol'

/** Rows that changed in one table in one storm. `at` is the last look before the first of them; `until` the last look at which there were more. */
export type BulkChange = { table: string; rows: number; at: string; until: string; lsn: string | null }
export type ChangeLimits = { rows: number; windowMs: number; ignoreTables: readonly string[] }

type Look = { atMs: number; lsn: string | null; changed: ReadonlyMap<string, number> }
type Storm = { from: Look; base: number; told: number; lastGrowthMs: number }

/**
 * Follows the update and delete counters of one server and tells of storms: more than `rows` within `windowMs`. One storm is told once when it is noticed and again as
 * it grows, until the table has been still for a whole window. Counters start anew with another boot of the agent, a reset of the statistics, a role that is
 * not primary or a count that fell: what lies before is then not compared with. TRUNCATE is in no counter and is not seen here.
 */
export function createChangeTracker({ rows: limit, windowMs, ignoreTables }: ChangeLimits) {
  let epoch = ''
  let looks: Look[] = []
  const storms = new Map<string, Storm>()

  const restart = (next: string): void => {
    epoch = next
    looks = []
    storms.clear()
  }

  return {
    /** @param atMs when it was asked, by the asker's clock */
    take(facts: AgentObservation, atMs: number): BulkChange[] {
      const { changes } = facts
      if (facts.role !== 'primary' || !changes) {
        restart('')
        return []
      }
      const now = `${facts.bootId} ${changes.since ?? ''} ${facts.timeline}`
      if (now !== epoch) restart(now)
      const look: Look = {
        atMs,
        lsn: facts.currentLsn,
        changed: new Map(changes.tables.map(({ table, changed }) => [table, changed])),
      }
      const before = looks.at(-1)
      if (before && [...before.changed].some(([table, count]) => (look.changed.get(table) ?? count) < count))
        restart(now)
      looks = [...looks.filter((each) => atMs - each.atMs <= windowMs), look]
      return [...look.changed].flatMap(([table, count]) =>
        ignoreTables.includes(table) ? [] : follow(table, count, look),
      )
    },
  }

  function follow(table: string, count: number, look: Look): BulkChange[] {
    const storm = storms.get(table)
    if (storm) {
      const total = count - storm.base
      if (total > storm.told) {
        storms.set(table, { ...storm, told: total, lastGrowthMs: look.atMs })
        return [tell(table, storm, total, look)]
      }
      if (look.atMs - storm.lastGrowthMs > windowMs) storms.delete(table)
      return []
    }
    // A table that was not there at the first look of the window has no count to compare with.
    const known = looks.filter((each) => each.changed.has(table))
    const first = known[0]
    const base = first?.changed.get(table)
    if (!first || base === undefined || count - base <= limit) return []
    const still = known.filter((each) => each.changed.get(table) === base).at(-1) ?? first
    const begun: Storm = { from: still, base, told: count - base, lastGrowthMs: look.atMs }
    storms.set(table, begun)
    return [tell(table, begun, count - base, look)]
  }
}

function tell(table: string, { from }: Storm, rows: number, look: Look): BulkChange {
  const iso = (ms: number): string => new Date(ms).toISOString()
  return { table, rows, at: iso(from.atMs), until: iso(look.atMs), lsn: from.lsn }
}
