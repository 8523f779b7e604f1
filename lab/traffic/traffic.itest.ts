import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dnsConfig } from '@/lab/dns/config'
import { startDns } from '@/lab/dns/service'
import { closeServer, listen, parseJson, readBody } from '@/lab/http-service'
import { processLogger } from '@/lab/service-process'
import { eventually } from '@/lab/testing'
import { trafficConfig } from '@/lab/traffic/config'
import { startTraffic, type TrafficSummary } from '@/lab/traffic/service'

const outside = '127.63.40.1'
const control = `http://${outside}:15383`
const addresses = { 'us-east': '127.63.41.10', 'us-west': '127.63.42.10' }
let directory: string
let stopDns: () => Promise<void>
let stopTraffic: () => Promise<void>
let sites: Record<keyof typeof addresses, Site>

/** A site that keeps links in memory: what traffic meets, without a database. */
type Site = { server: Server; links: Map<string, string>; region: string }

function site(region: string): Site {
  const links = new Map<string, string>()
  let created = 0
  const server = createServer((request, response) => {
    void (async () => {
      response.setHeader('x-lifeboat-region', region)
      if (request.method === 'POST') {
        const { url } = JSON.parse((await readBody(request, 10_000))?.toString() ?? '')
        const code = `${region === 'us-east' ? 'e' : 'w'}${created++}`
        links.set(code, url)
        response.writeHead(201).end(JSON.stringify({ code, url }))
        return
      }
      const url = links.get((request.url ?? '').slice(1))
      if (request.url === '/health') response.writeHead(200).end()
      else if (url === undefined) response.writeHead(404).end()
      else response.writeHead(302, { location: url }).end()
    })()
  })
  return { server, links, region }
}

/** The control API's answer, taken for what its own process wrote. */
async function call<T>(method: 'GET' | 'POST', path: string): Promise<T> {
  const response = await fetch(`${control}${path}`, { method, headers: { authorization: 'Bearer token' } })
  return (await response.json()) as T
}
const summary = () => call<TrafficSummary>('GET', '/summary')
type Check = { checked: number; missing: number; missingCodes: string[] }

async function startUsers(): Promise<void> {
  const config = trafficConfig.parse({
    listen: { host: outside },
    tokenFile: join(directory, 'token'),
    name: 'go.lab',
    resolvers: [`${outside}:15354`, `${outside}:15355`],
    createsPerSecond: 40,
    followsPerSecond: 80,
    timeoutMs: 300,
    ledgerFile: join(directory, 'ledger.ndjson'),
  })
  stopTraffic = await startTraffic(config, processLogger('traffic'))
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lifeboat-traffic-'))
  await writeFile(join(directory, 'token'), 'token')
  sites = { 'us-east': site('us-east'), 'us-west': site('us-west') }
  await listen(sites['us-east'].server, addresses['us-east'], 18080)
  await listen(sites['us-west'].server, addresses['us-west'], 18080)
  const record = { name: 'go.lab', type: 'A', ttlSeconds: 1 }
  const config = dnsConfig.parse({
    net: 63,
    zone: 'lab',
    zoneId: 'ZLAB',
    listen: { host: outside },
    records: [
      { ...record, values: [addresses['us-east']], setIdentifier: 'east', failover: 'PRIMARY', healthCheckId: 'east' },
      { ...record, values: [addresses['us-west']], setIdentifier: 'west', failover: 'SECONDARY' },
    ],
    healthChecks: [
      {
        id: 'east',
        type: 'HTTP',
        ipAddress: addresses['us-east'],
        port: 18080,
        resourcePath: '/health',
        failureThreshold: 2,
      },
    ],
    accessKeyId: 'LABKEY',
    secretAccessKeyFile: join(directory, 'token'),
    checkIntervalMs: 300,
    checkTimeoutMs: 250,
    stateFile: join(directory, 'dns.json'),
  })
  stopDns = await startDns(config, processLogger('dns'))
  await startUsers()
})
afterAll(async () => {
  await stopTraffic()
  await stopDns()
  await Promise.all(Object.values(sites).map((one) => closeServer(one.server)))
  await rm(directory, { recursive: true })
})

describe('users', () => {
  it('create and follow links through the name, and nothing is lost', async () => {
    await eventually('links are acknowledged', async () => (await summary()).acknowledged > 20)
    expect(await summary()).toMatchObject({
      running: true,
      failed: 0,
      unknown: 0,
      outages: [],
      currentRegion: 'us-east',
      lost: null,
    })
    expect(await call<Check>('POST', '/check')).toMatchObject({ missing: 0, undetermined: 0 })
    expect(await summary()).toMatchObject({ lost: 0 })
    expect((await fetch(`${control}/summary`)).status).toBe(401)
  })

  it('notice a lost link, which is not an outage', async () => {
    sites['us-east'].links.delete('e3')
    sites['us-east'].links.set('e4', 'https://example.com/elsewhere')
    const check = await call<Check>('POST', '/check')
    expect(check.missingCodes).toEqual(['e3', 'e4'])
    expect(await summary()).toMatchObject({ lost: 2, outages: [] })
  })

  it('notice an outage, and its end when the name leads elsewhere', async () => {
    const killedAt = Date.now()
    await closeServer(sites['us-east'].server, 0)
    await eventually('the outage is noticed', async () => (await summary()).outages.length === 1)
    const during = await summary()
    expect(during.outages[0]?.to).toBeNull()
    expect(during.failed).toBeGreaterThan(0)
    const after = await eventually('it is over', async () => {
      const now = await summary()
      return now.outages[0]?.to && now.currentRegion === 'us-west' ? now : null
    })
    const [outage] = after.outages
    expect(after.outages).toHaveLength(1)
    const from = Date.parse(outage?.from ?? '')
    expect(Math.abs(from - killedAt)).toBeLessThan(1_500)
    expect(Date.parse(outage?.to ?? '') - from).toBeGreaterThan(300)
    // All that only the lost region had is missing now, and the check says exactly how much.
    await call('POST', '/stop')
    const check = await call<Check>('POST', '/check')
    const promised = (await readFile(join(directory, 'ledger.ndjson'), 'utf8')).match(
      /"kind":"acknowledged","code":"e/g,
    )
    expect(check.missing).toBe(promised?.length)
  })

  it('remember their promises over a restart', async () => {
    const before = await summary()
    await stopTraffic()
    await writeFile(join(directory, 'ledger.ndjson'), '{"kind":"acknowledged","code":"half', { flag: 'a' })
    await startUsers()
    const after = await summary()
    expect(after.acknowledged).toBeGreaterThanOrEqual(before.acknowledged)
    await call('POST', '/stop')
    const text = await readFile(join(directory, 'ledger.ndjson'), 'utf8')
    expect(text.match(/"kind":"outage"/g)).toHaveLength(1)
    const broken = text.split('\n').filter((line) => line !== '' && parseJson(line) === undefined)
    expect(broken).toEqual(['{"kind":"acknowledged","code":"half'])
  })
})
