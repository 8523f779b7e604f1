import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dnsConfig } from '@/lab/dns/config'
import { startDns } from '@/lab/dns/service'
import { closeServer, listen, readBody } from '@/lab/http-service'
import { processLogger } from '@/lab/service-process'
import { eventually } from '@/lab/testing'
import { trafficConfig } from '@/lab/traffic/config'
import { startTraffic, type TrafficSummary } from '@/lab/traffic/service'

const outside = '127.84.40.1'
const addresses = { 'us-east': '127.84.41.10', 'us-west': '127.84.42.10' }
const links = new Map<string, string>()
const servers: Server[] = []
const stops: (() => Promise<void>)[] = []
let directory: string

/** Both regions serve the same links, as they do with one writer. */
async function startSite(region: keyof typeof addresses): Promise<void> {
  const server = createServer((request, response) => {
    void (async () => {
      response.setHeader('x-lifeboat-region', region)
      if (request.method === 'POST') {
        const { url } = JSON.parse((await readBody(request, 10_000))?.toString() ?? '')
        const code = `c${links.size}`
        links.set(code, url)
        return response.writeHead(201).end(JSON.stringify({ code }))
      }
      const url = links.get((request.url ?? '').slice(1))
      return url === undefined ? response.writeHead(404).end() : response.writeHead(302, { location: url }).end()
    })()
  })
  await listen(server, addresses[region], 18080)
  servers.push(server)
}

async function summary(): Promise<TrafficSummary> {
  const response = await fetch(`http://${outside}:15383/summary`, { headers: { authorization: 'Bearer token' } })
  // The control API's answer, taken for what its own process wrote.
  return (await response.json()) as TrafficSummary
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lifeboat-shared-'))
  await writeFile(join(directory, 'token'), 'token')
  await startSite('us-east')
  await startSite('us-west')
  const record = (name: string, region: keyof typeof addresses) => ({
    ...{ name, type: 'A', ttlSeconds: 1, values: [addresses[region]] },
  })
  const dns = dnsConfig.parse({
    net: 84,
    zone: 'lab',
    zoneId: 'ZLAB',
    listen: { host: outside },
    records: [
      record('go.lab', 'us-east'),
      { ...record('links.lab', 'us-east'), setIdentifier: 'e', weight: 50 },
      { ...record('links.lab', 'us-west'), setIdentifier: 'w', weight: 50 },
    ],
    accessKeyId: 'LABKEY',
    secretAccessKeyFile: join(directory, 'token'),
    stateFile: join(directory, 'dns.json'),
  })
  stops.push(await startDns(dns, processLogger('dns')))
  const traffic = trafficConfig.parse({
    listen: { host: outside },
    tokenFile: join(directory, 'token'),
    name: 'go.lab',
    shared: { name: 'links.lab', share: 0.5 },
    resolvers: [`${outside}:15354`, `${outside}:15355`],
    createsPerSecond: 10,
    followsPerSecond: 20,
    ledgerFile: join(directory, 'ledger.ndjson'),
  })
  stops.unshift(await startTraffic(traffic, processLogger('traffic')))
})

afterAll(async () => {
  for (const stop of stops) await stop()
  await Promise.all(servers.map((server) => closeServer(server)))
  await rm(directory, { recursive: true })
})

describe('users of the name that both regions serve', () => {
  it('reach both regions, are counted apart, and their links are promised like any other', async () => {
    const seen = await eventually(
      'both regions answer',
      async () => {
        const now = await summary()
        const regions = Object.keys(now.shared?.regions ?? {})
        return regions.length === 2 && (now.shared?.creates.acknowledged ?? 0) > 5 ? now : null
      },
      30_000,
    )
    expect(seen.shared?.follows).toMatchObject({ failed: 0, missing: 0, wrong: 0 })
    const apart = seen.detail.creates.acknowledged + (seen.shared?.creates.acknowledged ?? 0)
    expect(seen.acknowledged).toBe(apart)
    expect(seen.currentRegion).toBe('us-east')
  })

  it('meet a sick region without an outage of the name that follows the writer', async () => {
    const west = servers[1]
    if (west) await closeServer(west, 0)
    const seen = await eventually(
      'some of them fail',
      async () => {
        const now = await summary()
        const failed = (now.shared?.creates.failed ?? 0) + (now.shared?.follows.failed ?? 0)
        return failed > 3 ? now : null
      },
      30_000,
    )
    expect(seen).toMatchObject({ outages: [], failed: 0 })
  })
})
