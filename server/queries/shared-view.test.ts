import { describe, expect, it } from 'vitest'
import type { Observation } from '@/server/domain/observation'
import { links, sharedConfig, sharedFacts, weightRecords } from '@/server/testing/evacuation-facts'
import { now, seenBy } from '@/server/testing/facts'
import type { ServiceFacts } from './service-facts'
import { idReadiness, sharedView } from './shared-view'

const dns = (vantage: string, region: 1 | 2, agoMs: number) =>
  seenBy(
    'dns',
    `${links} at 127.1.0.1:53`,
    vantage,
    true,
    {
      ...{ resolver: '127.1.0.1:53', sharedName: links, ttlSeconds: 1, failure: null },
      ...{ answers: [`127.1.${region}.10`], region: region === 1 ? 'us-east' : 'us-west' },
    },
    agoMs,
  )

function facts(observed: readonly Observation[]): ServiceFacts {
  const observations = [...observed]
  const config = sharedConfig({}, [links])
  const writer = { serverId: 'db-us-east', region: 'us-east', generation: 0, since: null }
  return {
    ...{ id: config.id, name: config.name, config, writer, observations },
    ...{ incident: null, openRun: null, workers: [], nowMs: now },
  }
}

describe('the names that both regions serve, as a page shows them', () => {
  const well = sharedFacts({ region: 'us-east', direction: 'out', weights: weightRecords(20, 180) }).observations

  it('have their weights now beside the configured ones, and the newest answer of each resolver', () => {
    const [shared] = sharedView(facts([...well, dns('vantage-a', 1, 900), dns('vantage-b', 2, 100)]))
    expect(shared?.records.map((each) => [each.region, each.configuredWeight, each.weight, each.leadsTo])).toEqual([
      ['us-east', 100, 20, 'us-east'],
      ['us-west', 100, 180, 'us-west'],
    ])
    expect(shared?.resolvers).toMatchObject([{ region: 'us-west', health: 'ok' }])
    expect(shared?.health).toBe('ok')
  })

  it('are unknown, not 0, when nobody has looked, and stale when the look is old', () => {
    const [shared] = sharedView(facts([]))
    expect(shared).toMatchObject({ health: 'unknown', records: [{ weight: null, leadsTo: null }, { weight: null }] })
    const old = seenBy('records', links, 'vantage-a', true, { records: weightRecords(1, 1) }, 60_000)
    expect(sharedView(facts([old]))[0]?.health).toBe('stale')
  })

  it('are ready as long as the ids are apart; unknown is said', () => {
    expect(idReadiness(facts(well))).toEqual([])
    expect(idReadiness(facts([]))).toMatchObject([{ code: 'ids.unknown', severity: 'warning' }])
  })
})
