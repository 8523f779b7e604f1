import { describe, expect, it } from 'vitest'
import type { ServiceView } from '@/server/queries/dto/service'
import { replicationSentence } from './sentence'

type Replication = ServiceView['replication']
const nowMs = Date.parse('2026-11-22T03:00:03.000Z')
const at = '2026-11-22T03:00:00.000Z'
const measured = (value: number | null): Replication['lagSeconds'] => ({
  value,
  observedAt: at,
  note: null,
  health: 'ok',
})
const say = (over: Partial<Replication>): string =>
  replicationSentence(
    {
      ...{ state: 'streaming', health: 'ok', from: 'db-east-1', to: 'db-west-1', slot: 'db_west_1', observedAt: at },
      ...{ lagSeconds: measured(0.2), lagBytes: measured(1_200) },
      ...over,
    },
    nowMs,
  )

describe('the sentence of the replication page', () => {
  it('says how far behind, in time and WAL, and how old that is', () => {
    expect(say({})).toBe('db-west-1 follows db-east-1, 0.20 s behind by the heartbeat (1.20 kB of WAL), seen 3 s ago.')
    expect(say({ lagBytes: measured(0) })).toContain('at the same position')
  })

  it.each(['broken', 'unknown', 'none'] as const)(
    'never speaks of "behind by the heartbeat" or of no lag when it is %s',
    (state) => {
      for (const value of [null, 0, 7]) {
        const sentence = say({ state, lagSeconds: measured(value), lagBytes: measured(value) })
        expect(sentence).not.toContain('behind by the heartbeat')
        expect(sentence).not.toContain('same position')
      }
    },
  )

  it('does not know what was not measured', () => {
    expect(say({ lagSeconds: measured(null) })).toContain('is not known')
  })
})
