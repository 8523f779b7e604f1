import { describe, expect, it } from 'vitest'
import { agentFacts, seenBy, testConfig } from '@/server/testing/facts'
import { primaryFacts } from '@/server/testing/steady-facts'
import type { Sample } from './catalogue'
import { lagSamples, samplesOf } from './samples-of'
import { thin } from './thin'

const config = testConfig()
const values = (samples: readonly Sample[]) =>
  Object.fromEntries(samples.map((each) => [`${each.metric} ${each.subject}`, each.value]))
const standby = (over: Parameters<typeof agentFacts>[0], ok = true) =>
  values(samplesOf(seenBy('agent', 'db-us-west', 'vantage-a', ok, agentFacts(over)), config))

describe('samples of an observation', () => {
  it('of a failed look say only that it failed', () => {
    const probe = { status: null, latencyMs: 900, failure: 'refused', address: null, consecutiveFailures: 3 }
    expect(values(samplesOf(seenBy('endpoint', 'us-east', 'vantage-a', false, probe), config))).toEqual({
      'probe.up us-east from vantage-a': 0,
    })
    expect(standby({}, false)).toEqual({})
    const cache = seenBy('cache', 'us-east', 'vantage-a', false, { latencyMs: 1 })
    expect(samplesOf(cache, config)).toEqual([])
  })

  it('of a standby whose receiver is gone are never "streaming", and tell no age of what it has not heard', () => {
    const cut = standby({ receiver: null })
    expect(cut['replication.state db-us-west']).toBe(2)
    expect(cut).not.toHaveProperty('replication.receiver-age-seconds db-us-west')
    expect(standby({ receiver: null, follows: null })['replication.state db-us-west']).toBe(1)
    expect(standby({ state: 'stopped', role: null })['replication.state db-us-west']).toBe(0)
  })

  it('of a primary tell stages only of standbys that are configured, and no role until a write went through', () => {
    const row = {
      ...{ clientAddress: null, state: 'streaming', syncState: 'async', slotName: 'x', lastReplyAt: null },
      ...{ sentLsn: '0/3000140', writtenLsn: '0/3000140', flushedLsn: '0/3000100', replayedLsn: '0/3000100' },
    }
    const replication = ['db-us-west', 'somebody'].map((applicationName) => ({ ...row, applicationName }))
    const facts = primaryFacts({ replication, acceptsWrites: null, currentLsn: '0/3000148' })
    const found = values(samplesOf(seenBy('agent', 'db-us-east', 'vantage-a', true, facts), config))
    expect(found).toMatchObject({
      'replication.sent-bytes db-us-west': 8,
      'replication.flushed-bytes db-us-west': 72,
    })
    expect(Object.keys(found).some((key) => key.includes('somebody'))).toBe(false)
    expect(found).not.toHaveProperty('postgres.role db-us-east')
  })

  it('of lag that is not known are none', () => {
    const at = { service: 's', serverId: 'db', observedAt: '2026-11-22T03:00:00.000Z' }
    expect(lagSamples({ ...at, lagBytes: null, lagMs: null })).toEqual([])
    expect(lagSamples({ ...at, lagBytes: 0, lagMs: 1_500 }).map((each) => each.value)).toEqual([1.5, 0])
  })
})

describe('thinning', () => {
  const sample = (metric: Sample['metric'], ms: number, value: number): Sample => ({
    ...{ service: 's', metric, subject: 'x', value },
    at: new Date(Date.parse('2026-11-22T03:00:00.000Z') + ms).toISOString(),
  })

  it('keeps the worst of a second, and the newest where nothing is worse', () => {
    const kept = thin([
      ...[0, 300, 600].map((ms, index) => sample('replication.lag-seconds', ms, [1, 9, 2][index] ?? 0)),
      ...[0, 300, 600].map((ms, index) => sample('probe.up', ms, [1, 0, 1][index] ?? 0)),
      ...[0, 300, 600].map((ms, index) => sample('workload.desired', ms, [5, 9, 7][index] ?? 0)),
      sample('probe.up', 1_000, 1),
    ])
    expect(kept.map((each) => [each.metric, each.value])).toEqual([
      ['replication.lag-seconds', 9],
      ['probe.up', 0],
      ['workload.desired', 7],
      ['probe.up', 1],
    ])
  })
})
