import { describe, expect, it } from 'vitest'
import { createNames } from '@/server/adapters/names'
import { createSecrets } from '@/server/adapters/secrets'
import type { Json } from '@/server/domain/json'
import { testConfig } from '@/server/testing/facts'
import { MemoryDivergences } from '@/server/testing/memory-divergences'
import { connectManagedService } from '@/server/wiring-managed'
import type { StepContext } from '../step'
import { confirmOutage } from './confirm-outage'

const now = Date.parse('2026-11-22T12:00:00.000Z')
const input = { region: 'us-east', publicName: 'go.lab', vantagePoints: ['vantage-a', 'vantage-b'], quorum: 2 }

type Seen = { vantage: string; ok: boolean; agoMs: number; failures?: number }
const observation = ({ vantage, ok, agoMs, failures = 1 }: Seen) => ({
  vantage,
  ok,
  failure: ok ? null : 'connection refused',
  observedAt: new Date(now - agoMs).toISOString(),
  intervalMs: 1_000,
  facts: { status: null, latencyMs: 1, failure: 'x', address: null, consecutiveFailures: ok ? 0 : failures } as Json,
})

function contextOf(...seen: Seen[]): StepContext {
  return {
    service: connectManagedService(testConfig(), {
      names: createNames(null),
      secrets: createSecrets({}),
      vantage: 'vantage-a',
    }),
    clock: { now: () => now, sleep: async () => undefined },
    generation: 1,
    runId: 'run-1',
    observations: { latest: async (kind) => (kind === 'endpoint' ? seen.map(observation) : []) },
    divergences: new MemoryDivergences(),
    outputs: {},
    signal: new AbortController().signal,
  }
}
const run = (...seen: Seen[]) => confirmOutage.run(contextOf(...seen), input)
const a = { vantage: 'vantage-a', agoMs: 500 }
const b = { vantage: 'vantage-b', agoMs: 300 }

describe('confirming an outage', () => {
  it('lists who saw what when, once enough have', async () => {
    await expect(run({ ...a, ok: false }, { ...b, ok: false, failures: 4 })).resolves.toMatchObject({
      kind: 'done',
      output: {
        region: 'us-east',
        seen: [
          { vantage: 'vantage-a', failure: 'connection refused', consecutiveFailures: 1 },
          { vantage: 'vantage-b', consecutiveFailures: 4 },
        ],
      },
    })
  })

  it.each([
    ['one has not looked', [{ ...a, ok: false }]],
    [
      'one is stale',
      [
        { ...a, ok: false },
        { ...b, ok: false, agoMs: 2_001 },
      ],
    ],
    [
      'one is not counted',
      [
        { ...a, ok: false },
        { ...b, ok: false, vantage: 'vantage-c' },
      ],
    ],
    [
      'one has counted no failure',
      [
        { ...a, ok: false },
        { ...b, ok: false, failures: 0 },
      ],
    ],
    [
      'a good look is older than the bad one',
      [
        { ...a, ok: true },
        { ...b, ok: false },
      ],
    ],
  ])('waits while %s', async (_what, seen) => {
    await expect(run(...seen)).resolves.toMatchObject({
      kind: 'wait',
      progress: '1 of 2 vantage points see us-east failing',
    })
  })

  it('ends when the newest look is good', async () => {
    await expect(run({ ...a, ok: false }, { ...b, ok: true })).rejects.toThrow(
      'answers from vantage-b: use a switchover',
    )
  })

  it('does not verify an outage that is over', async () => {
    const output = { region: 'us-east', confirmedAt: '', seen: [] }
    await expect(confirmOutage.verify(contextOf({ ...a, ok: true }), input, output)).rejects.toThrow('answers from')
    await expect(confirmOutage.verify(contextOf({ ...a, ok: false }), input, output)).resolves.toBeUndefined()
  })
})
