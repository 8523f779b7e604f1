import type { Db } from '@/server/db/client'
import type { MergeFact, PlanFacts } from '@/server/domain/plan/facts'
import { seenBy } from './facts'
import { returnedFacts } from './returned-facts'
import { primaryFacts } from './steady-facts'

/** How many links only db-us-east had. */
export const alone = 3

export function keptLinks(over: Partial<MergeFact['tables'][number]> = {}): MergeFact['tables'][number] {
  return {
    ...{ table: 'public.links', key: ['id'], decision: 'merge', inserts: alone, updates: 0, unreadable: 0, cut: false },
    ...over,
  }
}

/** us-west writes; what db-us-east alone had is kept, and its links are decided to be put in. */
export function mergeFacts(over: Partial<PlanFacts> = {}): PlanFacts {
  const returned = returnedFacts()
  const writer = primaryFacts({ serverId: 'db-us-west', timeline: 2, fence: null, replication: [], slots: [] })
  return {
    ...returned,
    observations: [
      ...returned.observations.filter((each) => each.subject !== 'db-us-west'),
      seenBy('agent', 'db-us-west', 'vantage-a', true, writer),
    ],
    inputs: { divergenceId: 'div-1' },
    divergence: {
      ...{ id: 'div-1', serverId: 'db-us-east', region: 'us-east', keptAt: '2026-01-01T00:00:00.000Z' },
      tables: [keptLinks()],
    },
    ...over,
  }
}

/** The kept rows behind these facts. */
export async function seedDivergence(db: Db, serviceId = 'shortener'): Promise<void> {
  const counts = { inserted: alone, updated: 0, deleted: 0, kept: alone, unreadable: 0, cut: false }
  await db.divergence.create({
    data: {
      ...{ id: 'div-1', serviceId, serverId: 'db-us-east', region: 'us-east', runId: 'failback-1' },
      ...{ forkLsn: '0/3000100', forkTimeline: 1, endLsn: '0/3000900', bytes: 2048, transactions: 3, complete: true },
      tables: [{ table: 'public.links', key: ['id'], ...counts }],
      keptAt: new Date(),
      rows: {
        create: Array.from({ length: alone }, (_, seq) => ({
          ...{ seq, tableName: 'public.links', op: 'insert' },
          row: { id: String(seq), code: `alone-${seq}` },
        })),
      },
      decisions: {
        create: {
          ...{ tableName: 'public.links', decision: 'merge', reason: 'users were told that they exist' },
          ...{ decidedBy: {}, decidedAt: new Date() },
        },
      },
    },
  })
}
