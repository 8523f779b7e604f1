import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { dnsConfig } from '@/lab/dns/config'
import { startDns } from '@/lab/dns/service'
import { closeServer, listen } from '@/lab/http-service'
import { eventually } from '@/lab/testing'
import { createNames } from '@/server/adapters/names'
import { createSecrets } from '@/server/adapters/secrets'
import type { JsonObject } from '@/server/domain/json'
import { serviceConfig } from '@/server/domain/service-config'
import { Terminal } from '@/server/ports/errors'
import { StepHarness } from '@/server/testing/step-harness'
import { connectManagedService } from '@/server/wiring-managed'

/** A real authority with weighted and geolocation records, two resolvers on two continents, and two endpoints that can be made sick: evacuation without databases. */
const directory = mkdtempSync(join(tmpdir(), 'lifeboat-evacuation-'))
const outside = '127.84.0.1'
const east = '127.84.1.10'
const west = '127.84.2.10'
const resolvers = [`${outside}:15354`, `${outside}:15355`]
const sick = new Set<string>()
const endpoints: Server[] = []
let stopDns: () => Promise<void>

const region = (id: string, address: string, initialRole: string) => ({
  id,
  name: id,
  initialRole,
  endpointUrl: `http://${address}:18080`,
  answers: [address],
  servers: [{ id: `db-${id}`, host: 'db.lab', agentUrl: 'http://db.lab:1' }],
  workload: { kind: 'kubernetes', apiUrl: 'http://cluster.lab', tokenRef: 'env:KEY', deployment: 'shortener' },
})
const config = serviceConfig.parse({
  id: 'shortener',
  name: 'URL shortener',
  regions: [region('us-east', east, 'primary'), region('us-west', west, 'standby')],
  database: { name: 'shortener', passwordRef: 'env:KEY', agentTokenRef: 'env:KEY' },
  dns: {
    name: 'go.lab',
    zoneId: 'ZLAB',
    resolvers,
    route53: {
      endpoint: `http://${outside}:15380`,
      accessKeyIdRef: 'env:KEY',
      secretAccessKeyRef: `file:${directory}/secret`,
    },
    redirect: { method: 'record' },
  },
})
const service = connectManagedService(config, {
  names: createNames(null),
  secrets: createSecrets({ KEY: 'LABKEY' }),
  vantage: 'vantage-a',
})
let harness: StepHarness

const record = { type: 'A', ttlSeconds: 1 }
const weightedSet = (at: string, setIdentifier: string) => ({
  ...{
    ...record,
    name: 'links.lab',
    values: [at],
    setIdentifier,
    weight: 100,
    healthCheckId: `check-${setIdentifier}`,
  },
})
const placeSet = (at: string, setIdentifier: string, geoLocation: object, check: string) => ({
  ...{ ...record, name: 'geo.lab', values: [at], setIdentifier, geoLocation, healthCheckId: `check-${check}` },
})

beforeAll(async () => {
  writeFileSync(join(directory, 'secret'), 'lab-secret')
  for (const address of [east, west]) {
    const server = createServer((request, response) => {
      if (sick.has(address)) return response.writeHead(503).end()
      if (request.method === 'POST') return response.writeHead(201).end(JSON.stringify({ code: 'abc' }))
      if (request.url === '/abc') {
        return response.writeHead(302, { location: 'https://example.com/lifeboat-synthetic' }).end()
      }
      return response.writeHead(200).end()
    })
    await listen(server, address, 18080)
    endpoints.push(server)
  }
  const check = (id: string, ipAddress: string) => ({
    ...{ id, type: 'HTTP', ipAddress, port: 18080, resourcePath: '/always', failureThreshold: 10 },
  })
  const dns = dnsConfig.parse({
    net: 84,
    zone: 'lab',
    zoneId: 'ZLAB',
    listen: { host: outside },
    resolverSource: { a: '127.84.0.2', b: '127.84.0.3' },
    locations: [
      { cidr: '127.84.0.2/32', continentCode: 'NA', countryCode: 'US' },
      { cidr: '127.84.0.3/32', continentCode: 'EU', countryCode: 'DE' },
    ],
    records: [
      weightedSet(east, 'east'),
      weightedSet(west, 'west'),
      placeSet(east, 'america', { continentCode: 'NA' }, 'east'),
      placeSet(west, 'europe', { continentCode: 'EU' }, 'west'),
      placeSet(east, 'elsewhere', { countryCode: '*' }, 'east'),
    ],
    healthChecks: [check('check-east', east), check('check-west', west)],
    accessKeyId: 'LABKEY',
    secretAccessKeyFile: join(directory, 'secret'),
    insyncMs: 300,
    stateFile: join(directory, 'dns.json'),
  })
  stopDns = await startDns(dns, pino({ level: 'silent' }))
})

afterAll(async () => {
  await service.close()
  await stopDns?.()
  await Promise.all(endpoints.map(closeServer))
  rmSync(directory, { recursive: true })
})

beforeEach(() => {
  sick.clear()
  harness = new StepHarness(service)
  harness.observations = { latest: async (_kind, subject) => looks(subject) }
})

/** What the vantage points would say now of a region: the truth about its endpoint. */
function looks(subject: string) {
  const ok = !sick.has(subject === 'us-east' ? east : west)
  const observedAt = new Date().toISOString()
  const failure = ok ? null : 'answered 503'
  return ['vantage-a', 'vantage-b'].map((vantage) => ({
    vantage,
    ok,
    failure,
    observedAt,
    intervalMs: 1_000,
    facts: null,
  }))
}

type Weights = { east: number; west: number }
const even: Weights = { east: 100, west: 100 }
const turned = {
  name: 'links.lab',
  zoneId: 'ZLAB',
  region: 'us-east',
  gainingRegion: 'us-west',
  vantagePoints: ['vantage-a', 'vantage-b'],
}
const shift = (before: Weights, after: Weights, over: JsonObject = {}): JsonObject => ({
  ...turned,
  percent: after.east,
  before,
  after,
  original: even,
  ...over,
})
const weightsNow = async () => {
  const records = await service.authority.listRecords('ZLAB', 'links.lab')
  return Object.fromEntries(records.map(({ setIdentifier, weight }) => [setIdentifier, weight]))
}
const reset = async () => {
  const { changeId } = await service.authority.setWeights('ZLAB', 'links.lab', even, 'reset')
  await eventually(
    'the reset in sync',
    async () => (await service.authority.changeStatus(changeId)) === 'INSYNC',
    30_000,
  )
}
const watch = (over: JsonObject = {}): JsonObject => ({
  names: ['links.lab'],
  gainingRegion: 'us-west',
  answers: [west],
  port: 18080,
  healthPath: '/health',
  healthUrl: `http://${west}:18080/health`,
  createPath: '/links',
  followPath: '/{code}',
  target: 'https://example.com/lifeboat-synthetic',
  timeoutMs: 2_000,
  holdMs: 1_500,
  maxErrorRate: 0.05,
  minRequests: 10,
  ...over,
})

describe('setting weights at Route 53', () => {
  it('changes only the weight: values, TTL and health check stay, and other records too', async () => {
    const before = await service.authority.listRecords('ZLAB', 'links.lab')
    await service.authority.setWeights('ZLAB', 'links.lab', { east: 7 }, 'test')
    const after = await service.authority.listRecords('ZLAB', 'links.lab')
    expect(after).toEqual(before.map((each) => (each.setIdentifier === 'east' ? { ...each, weight: 7 } : each)))
    await reset()
  })

  it('gives a change to wait for also when nothing differs', async () => {
    const { changeId } = await service.authority.setWeights('ZLAB', 'links.lab', even, 'again')
    expect(await service.authority.changeStatus(changeId)).toMatch(/PENDING|INSYNC/)
    expect(await weightsNow()).toEqual(even)
  })

  it('changes nothing at all when one record is not there, or is of another kind', async () => {
    const { authority } = service
    await expect(authority.setWeights('ZLAB', 'links.lab', { east: 1, nobody: 1 }, '')).rejects.toThrow(Terminal)
    await expect(authority.setWeights('ZLAB', 'geo.lab', { america: 1 }, '')).rejects.toThrow('not a weighted record')
    const answer = { values: [west], healthCheckId: null }
    await expect(authority.setGeoAnswers('ZLAB', 'links.lab', { east: answer }, '')).rejects.toThrow(
      'not a geolocation',
    )
    expect(await weightsNow()).toEqual(even)
  })
})

describe('a region evacuated by weight', () => {
  it('is shifted twice alike, is no longer answered by any resolver, and comes back', async () => {
    const [first, second] = await harness.twice('dns.shift-weight', shift(even, { east: 0, west: 200 }))
    expect(first.weights).toEqual(second.weights)
    const seen = await harness.run('dns.await-shares', {
      names: [{ name: 'links.lab', looks: 2 }],
      ...{ region: 'us-east', direction: 'out', answers: [east], resolvers, ttlSeconds: 1 },
    })
    expect(seen.looks).toMatchObject([{ clean: 2 }, { clean: 2 }])
    await harness.run('dns.shift-weight', { ...shift({ east: 0, west: 200 }, even), gainingRegion: 'us-east' })
    const again = await harness.run('dns.await-shares', {
      names: [{ name: 'links.lab', looks: 1 }],
      ...{ region: 'us-east', direction: 'back', answers: [east], resolvers, ttlSeconds: 1 },
    })
    expect(again.looks).toEqual(expect.arrayContaining([expect.objectContaining({ seen: expect.any(Number) })]))
    expect(await weightsNow()).toEqual(even)
  }, 90_000)

  it('gives nothing to a region that fails, or that nobody sees', async () => {
    sick.add(west)
    const input = shift(even, { east: 50, west: 150 })
    const { precheck } = harness.step('dns.shift-weight')
    expect(await precheck(harness.context(), input)).toMatchObject([
      { code: 'evacuate.region-fails', severity: 'blocker' },
    ])
    harness.observations = { latest: async () => [] }
    expect(await precheck(harness.context(), input)).toMatchObject([{ code: 'evacuate.region-unknown' }])
  })

  it('stops before weights that somebody has changed, and does not put them back over that change', async () => {
    await service.authority.setWeights('ZLAB', 'links.lab', { east: 33, west: 66 }, 'somebody')
    const input = shift(even, { east: 50, west: 150 })
    const { precheck } = harness.step('dns.shift-weight')
    expect(await precheck(harness.context(), input)).toMatchObject([{ code: 'dns.changed-meanwhile' }])
    await expect(harness.compensate('dns.shift-weight', input, null)).rejects.toThrow('left so')
    expect(await weightsNow()).toEqual({ east: 33, west: 66 })
    await reset()
  })
})

describe('a stage that goes badly', () => {
  it('passes while all is well, and counts what the other region answers beside', async () => {
    sick.add(east)
    const result = await harness.run('service.watch-error-rate', watch())
    expect(result).toMatchObject({ gainingRegion: 'us-west', failed: 0, errorRate: 0 })
    expect(Number(result.requests)).toBeGreaterThanOrEqual(10)
  })

  it('halts on a sick endpoint, and the weights from before the run are back', async () => {
    const stages = [shift(even, { east: 50, west: 150 }), shift({ east: 50, west: 150 }, { east: 10, west: 190 })]
    for (const stage of stages) await harness.run('dns.shift-weight', stage)
    sick.add(west)
    await expect(harness.run('service.watch-error-rate', watch())).rejects.toThrow(
      /Halted: \d+ of \d+ requests to us-west failed/,
    )
    for (const stage of [...stages].reverse()) await harness.compensate('dns.shift-weight', stage, null)
    expect(await weightsNow()).toEqual(even)
  }, 60_000)

  it('begins anew after a pause: what nobody watched is not counted', async () => {
    const context = harness.context()
    const { run } = harness.step('service.watch-error-rate')
    expect(await run(context, watch({ minRequests: 1 }))).toMatchObject({ kind: 'wait' })
    const later = { ...context, clock: { ...context.clock, now: () => Date.now() + 60_000 } }
    expect(await run(later, watch({ minRequests: 1 }))).toMatchObject({ kind: 'wait' })
  })

  it('gives up as unknown when there never were enough requests', async () => {
    const few = watch({ holdMs: 300, minRequests: 10_000, maxErrorRate: 1 })
    await expect(harness.run('service.watch-error-rate', few)).rejects.toThrow('is unknown')
  })
})

describe('a geolocation name', () => {
  const answer = (address: string, check: string) => ({ values: [address], healthCheckId: `check-${check}` })
  const own = { america: answer(east, 'east'), elsewhere: answer(east, 'east') }
  const moved = { america: answer(west, 'west'), elsewhere: answer(west, 'west') }
  const { name: _links, ...rest } = turned
  const input = (before: JsonObject, after: JsonObject, gainingRegion: string): JsonObject => ({
    ...{ ...rest, name: 'geo.lab', before, after, gainingRegion },
  })
  const answers = async () =>
    Promise.all(service.resolvers.map(async (resolver) => (await resolver.resolve('geo.lab')).answers.join()))

  it('answers by where the resolver is, then the other region everywhere, then as before', async () => {
    expect(await answers()).toEqual([east, west])
    await harness.twice('dns.shift-places', input(own, moved, 'us-west'))
    const out = { region: 'us-east', direction: 'out', answers: [east], resolvers, ttlSeconds: 1 }
    await harness.run('dns.await-shares', { names: [{ name: 'geo.lab', looks: 1 }], ...out })
    expect(await answers()).toEqual([west, west])
    const records = await service.authority.listRecords('ZLAB', 'geo.lab')
    expect(records.map(({ geo, healthCheckId }) => [geo, healthCheckId])).toEqual(
      expect.arrayContaining([
        ['NA', 'check-west'],
        ['EU', 'check-west'],
        ['*', 'check-west'],
      ]),
    )
    await harness.run('dns.shift-places', input(moved, own, 'us-east'))
    await harness.compensate('dns.shift-places', input(moved, own, 'us-east'), null)
    await harness.compensate('dns.shift-places', input(own, moved, 'us-west'), null)
    const back = await service.authority.listRecords('ZLAB', 'geo.lab')
    expect(back.find((each) => each.setIdentifier === 'america')).toMatchObject({
      values: [east],
      healthCheckId: 'check-east',
    })
  }, 60_000)
})
