import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { dnsConfig } from '@/lab/dns/config'
import { startDns } from '@/lab/dns/service'
import { closeServer, listen } from '@/lab/http-service'
import { storeConfig } from '@/lab/store/config'
import { startStore } from '@/lab/store/service'
import { eventually } from '@/lab/testing'
import { createResolver } from '@/server/adapters/dns-resolver/dns-resolver'
import { createNames } from '@/server/adapters/names'
import { createSecrets } from '@/server/adapters/secrets'
import { serviceConfig } from '@/server/domain/service-config'
import { Terminal, Unreachable } from '@/server/ports/errors'
import { StepHarness } from '@/server/testing/step-harness'
import { connectManagedService } from '@/server/wiring-managed'

/** A real authority with health checks, two resolvers, a store a region, and two endpoints: the way of traffic, without databases. */
const directory = mkdtempSync(join(tmpdir(), 'lifeboat-dns-'))
const outside = '127.66.0.1'
const east = '127.66.1.10'
const west = '127.66.2.10'
const resolvers = [`${outside}:15354`, `${outside}:15355`]
const silent = pino({ level: 'silent' })
const links = new Set<string>()
const endpoints: Server[] = []
const stops: (() => Promise<void>)[] = []

function connect(method: 'health-switch' | 'record') {
  const key = `file:${directory}/secret`
  const store = (n: number) => ({
    endpoint: `http://127.66.${n}.14:19000`,
    bucket: 'lifeboat',
    key: 'switch/traffic',
    accessKeyIdRef: 'env:KEY',
    secretAccessKeyRef: key,
  })
  const region = (id: string, n: number, initialRole: string) => ({
    id,
    name: id,
    initialRole,
    endpointUrl: `http://127.66.${n}.10:18080`,
    answers: [`127.66.${n}.10`],
    servers: [{ id: `db-${n}`, host: 'db.lab', agentUrl: 'http://db.lab:1' }],
    workload: { kind: 'kubernetes', apiUrl: 'http://cluster.lab', tokenRef: 'env:KEY', deployment: 'shortener' },
  })
  const config = serviceConfig.parse({
    id: 'shortener',
    name: 'URL shortener',
    regions: [region('us-east', 1, 'primary'), region('us-west', 2, 'standby')],
    database: { name: 'shortener', passwordRef: 'env:KEY', agentTokenRef: 'env:KEY' },
    dns: {
      name: method === 'record' ? 'edited.lab' : 'go.lab',
      zoneId: 'ZLAB',
      ttlSeconds: 1,
      resolvers,
      route53: { endpoint: `http://${outside}:15380`, accessKeyIdRef: 'env:KEY', secretAccessKeyRef: key },
      redirect: method === 'record' ? { method } : { method, stores: { 'us-east': store(1), 'us-west': store(2) } },
    },
  })
  const options = { names: createNames(null), secrets: createSecrets({ KEY: 'LABKEY' }), vantage: 'vantage-a' }
  return connectManagedService(config, options)
}

const bySwitch = connect('health-switch')
const byRecord = connect('record')
let harness: StepHarness
const proof = { serverId: 'db-2', region: 'us-west', systemIdentifier: '1', timeline: 2, lsn: '0/1', provedAt: '' }

beforeAll(async () => {
  writeFileSync(join(directory, 'secret'), 'lab-secret')
  for (const address of [east, west]) {
    const server = createServer((request, response) => {
      if (request.method === 'POST') {
        const code = `code${links.size}`
        links.add(`/${code}`)
        return response.writeHead(201).end(JSON.stringify({ code }))
      }
      if (links.has(request.url ?? '')) return response.writeHead(302, { location: 'https://example.com/t' }).end()
      return response.writeHead(404).end()
    })
    await listen(server, address, 18080)
    endpoints.push(server)
  }
  for (const n of [1, 2]) {
    const config = storeConfig.parse({
      listen: { host: `127.66.${n}.14` },
      dataDirectory: join(directory, `store-${n}`),
      credentials: [{ accessKeyId: 'LABKEY', secretAccessKeyFile: join(directory, 'secret') }],
      buckets: ['lifeboat'],
      publicRead: ['lifeboat/switch/'],
    })
    stops.push(await startStore(config, silent))
  }
  const check = {
    type: 'HTTP',
    port: 19000,
    resourcePath: '/lifeboat/switch/traffic',
    failureThreshold: 1,
    inverted: true,
  }
  const record = { type: 'A', ttlSeconds: 1 }
  const pair = (name: string) => [
    { ...record, name, values: [east], setIdentifier: 'east', failover: 'PRIMARY', healthCheckId: 'left-east' },
    { ...record, name, values: [west], setIdentifier: 'west', failover: 'SECONDARY' },
  ]
  const config = dnsConfig.parse({
    net: 66,
    zone: 'lab',
    zoneId: 'ZLAB',
    listen: { host: outside },
    records: [
      ...pair('go.lab'),
      { ...record, name: 'edited.lab', values: [east], setIdentifier: 'east', failover: 'PRIMARY' },
      { ...record, name: 'edited.lab', values: [west], setIdentifier: 'west', failover: 'SECONDARY' },
    ],
    healthChecks: [{ ...check, id: 'left-east', ipAddress: '127.66.2.14' }],
    accessKeyId: 'LABKEY',
    secretAccessKeyFile: join(directory, 'secret'),
    insyncMs: 300,
    checkIntervalMs: 100,
    checkTimeoutMs: 90,
    stateFile: join(directory, 'dns.json'),
  })
  stops.push(await startDns(config, silent))
  await eventually(
    'the check to have looked',
    async () => (await bySwitch.authority.healthStatus('left-east')).status === 'healthy',
  )
})
afterAll(async () => {
  await bySwitch.close()
  await byRecord.close()
  for (const stop of stops) await stop()
  for (const endpoint of endpoints) await closeServer(endpoint)
  rmSync(directory, { recursive: true })
})
beforeEach(() => {
  harness = new StepHarness(bySwitch)
  harness.generation = 3
})

const turn = { name: 'go.lab', fromRegion: 'us-east', toRegion: 'us-west', writableStepKey: 'proof' }
const awaited = { name: 'go.lab', region: 'us-west', answers: [west], resolvers, ttlSeconds: 1 }
const synthetic = {
  name: 'go.lab',
  region: 'us-west',
  port: 18080,
  answers: [west],
  createPath: '/links',
  followPath: '/{code}',
  target: 'https://example.com/t',
  timeoutMs: 1_000,
}

describe('traffic by the switch', () => {
  it('reads the prepared records', async () => {
    expect(await bySwitch.authority.listRecords('ZLAB', 'go.lab')).toMatchObject([
      { failover: 'PRIMARY', values: [east], ttlSeconds: 1, healthCheckId: 'left-east' },
      { failover: 'SECONDARY', values: [west], healthCheckId: null },
    ])
    await expect(bySwitch.authority.healthStatus('nothing')).rejects.toBeInstanceOf(Terminal)
  })

  it('is not moved before a write was proved there', async () => {
    await expect(harness.run('dns.turn-switch', turn)).rejects.toThrow('traffic was not moved')
    harness.outputs.proof = { ...proof, region: 'us-east' }
    await expect(harness.run('dns.turn-switch', turn)).rejects.toThrow('traffic was not moved')
    expect(await bySwitch.trafficSwitch?.read('us-west')).toMatchObject({ set: false })
  })

  it('is not called moved while a resolver still answers the old region', async () => {
    const result = await harness.step('dns.await-resolvers').run(harness.context(), awaited)
    expect(result).toMatchObject({
      kind: 'wait',
      part: 0,
      progress: expect.stringContaining(`still answers ${east} (TTL`),
    })
    const early = await harness.step('service.verify-synthetic').run(harness.context(), synthetic)
    expect(early).toMatchObject({ kind: 'wait', progress: expect.stringContaining(`${east} answered, not us-west`) })
  })

  it('moves within the TTL, and each step may come twice', async () => {
    harness.outputs.proof = proof
    await bySwitch.trafficSwitch?.set('us-east', 1, 'an older run')
    const [first] = await harness.twice('dns.turn-switch', turn)
    expect(first).toMatchObject({ toRegion: 'us-west', generation: 3, opposite: 'off' })
    expect(await bySwitch.trafficSwitch?.read('us-east')).toMatchObject({ set: false })
    await harness.twice('dns.await-resolvers', awaited)
    expect((await bySwitch.authority.healthStatus('left-east')).status).toBe('unhealthy')
    const [result] = await harness.twice('service.verify-synthetic', synthetic)
    expect(result).toMatchObject({ address: west, code: expect.stringMatching(/^code/) })
    expect(result.firstGoodAt).toMatch(/^\d{4}-.*Z$/)
  })

  it('is moved although the lost region has no store any more', async () => {
    await stops.shift()?.()
    harness.outputs.proof = proof
    expect(await harness.run('dns.turn-switch', turn)).toMatchObject({ opposite: 'unreachable' })
  })
})

describe('traffic by record edits', () => {
  const edit = { ...turn, name: 'edited.lab', zoneId: 'ZLAB', answers: [west] }

  it('swaps the pair, waits until it is in sync, and may come twice', async () => {
    const editing = new StepHarness(byRecord)
    await expect(editing.run('dns.edit-records', edit)).rejects.toThrow('traffic was not moved')
    editing.outputs.proof = proof
    await editing.twice('dns.edit-records', edit)
    expect(editing.progress.some((words) => words.includes('has not reached every name server'))).toBe(true)
    expect(await byRecord.authority.listRecords('ZLAB', 'edited.lab')).toMatchObject([
      { failover: 'PRIMARY', values: [west] },
      { failover: 'SECONDARY', values: [east] },
    ])
    await editing.run('dns.await-resolvers', { ...awaited, name: 'edited.lab' })
    const findings = await editing.step('dns.turn-switch').precheck(editing.context(), turn)
    expect(findings).toMatchObject([{ code: 'dns.no-switch', severity: 'blocker' }])
  })

  it('refuses answers that no record has', async () => {
    const editing = new StepHarness(byRecord)
    editing.outputs.proof = proof
    await expect(editing.run('dns.edit-records', { ...edit, answers: ['127.66.9.9'] })).rejects.toBeInstanceOf(Terminal)
  })
})

describe('a resolver', () => {
  it('says that a name is unknown, and nothing in time where nobody is', async () => {
    const [resolver] = bySwitch.resolvers
    await expect(resolver?.resolve('nothing.lab')).rejects.toBeInstanceOf(Terminal)
    const startedAt = performance.now()
    await expect(createResolver('127.66.9.9:53', createNames(null)).resolve('go.lab')).rejects.toBeInstanceOf(
      Unreachable,
    )
    expect(performance.now() - startedAt).toBeLessThan(5_000)
  })
})
