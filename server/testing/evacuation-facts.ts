import type { Records } from '@/server/domain/plan/evacuate-moves'
import type { PlanFacts } from '@/server/domain/plan/facts'
import { type ServiceConfig, serviceConfig } from '@/server/domain/service-config'
import { agentFacts, lostPrimaryFacts, seenBy, testConfig } from './facts'

/** Facts of a service that both regions serve, everything well, for tests of the evacuation. */
export const links = 'links.test'
export const places = 'geo.test'

export function sharedConfig(
  change: Partial<ServiceConfig['evacuation']> = {},
  names = [links, places],
): ServiceConfig {
  const base = testConfig()
  const weighted = {
    name: links,
    policy: 'weighted',
    ttlSeconds: 1,
    records: [
      { region: 'us-east', setIdentifier: 'us-east', weight: 100 },
      { region: 'us-west', setIdentifier: 'us-west', weight: 100 },
    ],
  }
  const geolocation = {
    name: places,
    policy: 'geolocation',
    ttlSeconds: 1,
    records: [
      { region: 'us-east', setIdentifier: 'america', continent: 'NA', healthCheckId: 'check-east' },
      { region: 'us-west', setIdentifier: 'europe', continent: 'EU', healthCheckId: 'check-west' },
      { region: 'us-east', setIdentifier: 'elsewhere', default: true },
    ],
  }
  const shared = [weighted, geolocation].filter((each) => names.includes(each.name))
  return serviceConfig.parse({
    ...base,
    dns: { ...base.dns, shared },
    evacuation: { holdMs: 40, minRequests: 2, resolverLooks: 1, ...change },
    ids: { kind: 'snowflake', query: 'SELECT id, region FROM links' },
  })
}

export function weightRecords(east: number, west: number): Records {
  const record = { ttlSeconds: 1, place: null, healthCheckId: null }
  return [
    { ...record, setIdentifier: 'us-east', values: ['127.1.1.10'], weight: east },
    { ...record, setIdentifier: 'us-west', values: ['127.1.2.10'], weight: west },
  ]
}

export function placeRecords(answers: { america: 1 | 2; europe: 1 | 2; elsewhere: 1 | 2 }): Records {
  const codes = { america: 'NA', europe: 'EU', elsewhere: '*' }
  const ids = ['america', 'europe', 'elsewhere'] as const
  return ids.map((setIdentifier) => ({
    setIdentifier,
    values: [`127.1.${answers[setIdentifier]}.10`],
    ttlSeconds: 1,
    weight: null,
    place: codes[setIdentifier],
    healthCheckId: answers[setIdentifier] === 1 ? 'check-east' : 'check-west',
  }))
}

const usualPlaces = placeRecords({ america: 1, europe: 2, elsewhere: 1 })

const vantages = ['vantage-a', 'vantage-b']
const probe = { status: 200, latencyMs: 3, failure: null, address: null, consecutiveFailures: 0 }

type EvacuationCase = {
  region: string
  direction: 'out' | 'back'
  weights?: Records
  placesSeen?: Records
  config?: ServiceConfig
}

/** Both regions well, the records as they usually are, the ids apart; the inputs ask for this evacuation. */
export function sharedFacts(asked: EvacuationCase, over: Partial<PlanFacts> = {}): PlanFacts {
  const config = asked.config ?? sharedConfig()
  const base = lostPrimaryFacts()
  const workload = { desired: 5, ready: 5, settled: true, writer: 'db-us-east', failure: null }
  const ids = {
    datacenters: [
      { region: 'us-east', told: '1' },
      { region: 'us-west', told: '2' },
    ],
    sampled: 3,
    found: [{ datacenter: 1, region: 'us-east', count: 3 }],
    duplicates: [],
  }
  const observations = vantages.flatMap((vantage) => [
    ...['us-east', 'us-west'].flatMap((region) => [
      seenBy('endpoint', region, vantage, true, probe),
      seenBy('workload', region, vantage, true, workload),
      seenBy('agent', `db-${region}`, vantage, true, agentFacts({ serverId: `db-${region}` })),
    ]),
    seenBy('records', links, vantage, true, { records: asked.weights ?? weightRecords(100, 100) }),
    seenBy('records', places, vantage, true, { records: asked.placesSeen ?? usualPlaces }),
    seenBy('ids', config.id, vantage, true, ids),
  ])
  return {
    ...base,
    config,
    incident: null,
    inputs: { region: asked.region, direction: asked.direction },
    observations,
    describe: (stepId, input) => ({
      ...base.describe(stepId, input),
      reversible: stepId.startsWith('dns.shift'),
      pointOfNoReturn: false,
    }),
    ...over,
  }
}
