import { describe, expect, it } from 'vitest'
import { primaryFacts } from '@/server/testing/steady-facts'
import type { AgentObservation } from '../agent-protocol'
import { createChangeTracker } from './bulk-changes'

const limits = { rows: 1_000, windowMs: 10_000, ignoreTables: ['public.link_hits'] }
const start = Date.parse('2026-11-22T03:00:00.000Z')
const at = (seconds: number): number => start + seconds * 1_000
const iso = (seconds: number): string => new Date(at(seconds)).toISOString()
const facts = (tables: Record<string, number>, over: Partial<AgentObservation> = {}): AgentObservation =>
  primaryFacts({
    changes: { since: null, tables: Object.entries(tables).map(([table, changed]) => ({ table, changed })) },
    ...over,
  })

/** One count of `public.links` a second; what was told at which second. */
function told(counts: readonly number[], over: (second: number) => Partial<AgentObservation> = () => ({})) {
  const tracker = createChangeTracker(limits)
  return counts.flatMap((count, second) =>
    tracker.take(facts({ 'public.links': count }, over(second)), at(second)).map((each) => ({ second, ...each })),
  )
}

describe('bulk changes', () => {
  it('are told with the last moment at which the table was as before', () => {
    expect(told([5, 5, 5, 2_005])).toEqual([
      { second: 3, table: 'public.links', rows: 2_000, at: iso(2), until: iso(3), lsn: '0/3000148' },
    ])
  })

  it('add up over the window, and the moment is before the first of them', () => {
    const [first] = told([0, 0, 300, 600, 900, 1_200])
    expect(first).toMatchObject({ second: 5, rows: 1_200, at: iso(1), until: iso(5) })
  })

  it('are one storm while they go on, and another after a still window', () => {
    const counts = [0, 2_000, 4_000, 4_000, ...Array.from({ length: 12 }, () => 4_000), 6_000]
    expect(told(counts).map(({ second, rows, at: moment }) => [second, rows, moment])).toEqual([
      [1, 2_000, iso(0)],
      [2, 4_000, iso(0)],
      [16, 2_000, iso(15)],
    ])
  })

  it('are not what a service changes in ordinary life', () => {
    expect(told([0, 1_000])).toEqual([])
    expect(told(Array.from({ length: 60 }, (_, second) => second * 90))).toEqual([])
  })

  it.each<[string, (second: number) => Partial<AgentObservation>]>([
    ['a restart of the agent', (second) => ({ bootId: `boot-${second < 2 ? 1 : 2}` })],
    ['another timeline', (second) => ({ timeline: second < 2 ? 1 : 2 })],
    ['a time as a standby in between', (second) => (second === 1 ? { role: 'standby' } : {})],
  ])('are not counted across %s', (_what, over) => {
    expect(told([0, 0, 5_000, 5_000], over)).toEqual([])
  })

  it('are not counted across a reset of the statistics, nor from the first sight of a table', () => {
    expect(told([50_000, 50_000, 10, 20])).toEqual([])
    const tracker = createChangeTracker(limits)
    tracker.take(facts({ 'public.links': 1 }), at(0))
    expect(tracker.take(facts({ 'public.links': 1, 'public.old': 9_000 }), at(1))).toEqual([])
  })

  it('of tables that are to be left out are left out', () => {
    const tracker = createChangeTracker(limits)
    tracker.take(facts({ 'public.link_hits': 0 }), at(0))
    expect(tracker.take(facts({ 'public.link_hits': 90_000 }), at(1))).toEqual([])
  })
})
