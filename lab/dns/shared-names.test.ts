import { describe, expect, it } from 'vitest'
import { sharedNames } from '@/lab/config/shared-names'
import { Authority } from '@/lab/dns/authority'
import { HealthChecks } from '@/lab/dns/health-checks'
import type { RecordSet } from '@/lab/dns/model'
import { Zone } from '@/lab/dns/zone'

/** The lab's own shared names at its authority, asked many times from both places, without a network. */
const locations = [
  { cidr: '127.84.0.2/32', continentCode: 'NA', countryCode: 'US' },
  { cidr: '127.84.0.3/32', continentCode: 'EU', countryCode: 'DE' },
]
const options = { zone: 'lab', zoneId: 'ZLAB', insyncMs: 0, negativeTtlSeconds: 2 }

function authority(weights: Record<string, number> = {}, red: string[] = []): Authority {
  const records = sharedNames.flatMap(({ name, ttlSeconds, records: sets }) =>
    sets.map((set): RecordSet => {
      const base = {
        name,
        type: 'A' as const,
        ttlSeconds,
        values: [set.region],
        setIdentifier: set.setIdentifier,
        healthCheckId: set.region,
      }
      if ('weight' in set) return { ...base, weight: weights[set.region] ?? set.weight }
      return { ...base, geoLocation: 'continent' in set ? { continentCode: set.continent } : { countryCode: '*' } }
    }),
  )
  const zone = new Zone(options, Zone.initialState(options, records), () => undefined)
  const checks = new HealthChecks({ intervalMs: 60_000, timeoutMs: 100 }, { checks: [], verdicts: {} }, () => undefined)
  checks.isHealthy = (id) => !red.includes(id)
  // A linear congruential generator: fair enough, and the same each time.
  let seed = 42
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return seed / 2_147_483_648
  }
  return new Authority(zone, checks, locations, random)
}

function shares(from: Authority, name: string, client: string, times = 2_000): Record<string, number> {
  const counts: Record<string, number> = {}
  for (let asked = 0; asked < times; asked += 1) {
    const answer = from.lookup(name, 'A', client).sets[0]?.record.values[0] ?? 'nothing'
    counts[answer] = (counts[answer] ?? 0) + 1 / times
  }
  return counts
}

describe('the weighted name', () => {
  it.each([
    ['as it begins', {}, 0.5],
    ['half evacuated', { 'us-east': 25, 'us-west': 75 }, 0.25],
    ['nearly evacuated', { 'us-east': 5, 'us-west': 95 }, 0.05],
  ])('%s, it leads to us-east by its share', (_what, weights, share) => {
    expect(shares(authority(weights), 'links.lab', '127.84.0.2')['us-east']).toBeCloseTo(share, 1)
  })

  it('never leads to an evacuated region, but does when the other one is unhealthy', () => {
    const evacuated = { 'us-east': 0, 'us-west': 100 }
    expect(shares(authority(evacuated), 'links.lab', '127.84.0.3')).toEqual({ 'us-west': expect.closeTo(1) })
    expect(shares(authority(evacuated, ['us-west']), 'links.lab', '127.84.0.3')).toEqual({
      'us-east': expect.closeTo(1),
    })
  })

  it('leaves an unhealthy region out', () => {
    expect(shares(authority({}, ['us-east']), 'links.lab', '127.84.0.2')).toEqual({ 'us-west': expect.closeTo(1) })
  })
})

describe('the geolocation name', () => {
  it.each([
    ['North America', '127.84.0.2', [], 'us-east'],
    ['Europe', '127.84.0.3', [], 'us-west'],
    ['nowhere known', '127.84.0.9', [], 'us-east'],
    ['Europe while us-west is unhealthy', '127.84.0.3', ['us-west'], 'us-east'],
  ])('asked from %s', (_where, client, red, region) => {
    expect(shares(authority({}, red), 'geo.lab', client, 50)).toEqual({ [region]: expect.closeTo(1) })
  })
})
