import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ChangeResourceRecordSetsCommand, type ResourceRecordSet, Route53Client } from '@aws-sdk/client-route-53'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { type QueryType, queryDns } from '@/lab/dns/client'
import { type DnsConfig, dnsConfig } from '@/lab/dns/config'
import { startDns } from '@/lab/dns/service'
import { closeServer, listen } from '@/lab/http-service'
import { processLogger } from '@/lab/service-process'

const host = '127.63.10.1'
export const zoneId = 'ZLAB'
export const endpoints = { east: '127.63.11.10', west: '127.63.12.10' }
type Endpoint = { server: Server; status: number }

async function endpoint(address: string): Promise<Endpoint> {
  const one: Endpoint = {
    server: createServer((_, response) => response.writeHead(one.status).end('hello')),
    status: 200,
  }
  await listen(one.server, address, 18080)
  return one
}

async function start(directory: string, change: Partial<DnsConfig>): Promise<() => Promise<void>> {
  const check = { type: 'HTTP', port: 18080, resourcePath: '/health', failureThreshold: 2 }
  const record = { name: 'go.lab', type: 'A', ttlSeconds: 2 }
  const config = dnsConfig.parse({
    net: 63,
    zone: 'lab',
    zoneId,
    listen: { host },
    records: [
      { ...record, values: [endpoints.east], setIdentifier: 'east', failover: 'PRIMARY', healthCheckId: 'check-east' },
      {
        ...record,
        values: [endpoints.west],
        setIdentifier: 'west',
        failover: 'SECONDARY',
        healthCheckId: 'check-west',
      },
      {
        name: 'big.lab',
        type: 'TXT',
        ttlSeconds: 2,
        values: Array.from({ length: 20 }, (_, i) => `"${'x'.repeat(90)}${i}"`),
      },
      { name: 'alias.lab', type: 'CNAME', ttlSeconds: 2, values: ['go.lab'] },
    ],
    healthChecks: [
      { ...check, id: 'check-east', ipAddress: endpoints.east },
      { ...check, id: 'check-west', ipAddress: endpoints.west },
    ],
    accessKeyId: 'LABKEY',
    secretAccessKeyFile: join(directory, 'secret'),
    insyncMs: 400,
    checkIntervalMs: 200,
    checkTimeoutMs: 190,
    stateFile: join(directory, 'dns.json'),
    ...change,
  })
  return startDns(config, processLogger('dns'))
}

export async function until<T>(look: () => Promise<T>, wanted: (value: T) => boolean, withinMs = 5_000): Promise<T> {
  const deadline = Date.now() + withinMs
  for (;;) {
    const value = await look()
    if (wanted(value)) return value
    if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(value)} after ${withinMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

export async function ask(name: string, type: QueryType = 'A', port = 15353) {
  const { code, packet } = await queryDns({ host, port }, name, type, 1_000)
  const answers = packet.answers ?? []
  return {
    code,
    authoritative: packet.flag_aa,
    answers: answers.flatMap((one) => (one.type === 'A' || one.type === 'CNAME' ? [one.data] : [])),
    count: answers.length,
    ttl: answers.map((one) => ('ttl' in one ? (one.ttl ?? 0) : 0)),
    soa: (packet.authorities ?? []).some((one) => one.type === 'SOA'),
  }
}
export const answersOf = async (name: string, port?: number) => (await ask(name, 'A', port)).answers.join()

export function client(secretAccessKey = 'lab-secret'): Route53Client {
  return new Route53Client({
    region: 'us-east-1',
    endpoint: `http://${host}:15380`,
    credentials: { accessKeyId: 'LABKEY', secretAccessKey },
    maxAttempts: 1,
  })
}

export const simple = (name: string, value: string): ResourceRecordSet => ({
  Name: name,
  Type: 'A',
  TTL: 30,
  ResourceRecords: [{ Value: value }],
})
export const change = (Action: 'CREATE' | 'DELETE' | 'UPSERT', ...sets: ResourceRecordSet[]) =>
  new ChangeResourceRecordSetsCommand({
    HostedZoneId: zoneId,
    ChangeBatch: { Comment: 'test', Changes: sets.map((ResourceRecordSet) => ({ Action, ResourceRecordSet })) },
  })

/** A DNS service of its own for each test, and two endpoints whose answers the test sets. Call it once a file. */
export function testDns() {
  const servers: Endpoint[] = []
  const state: { directory: string; stop: (() => Promise<void>) | null } = { directory: '', stop: null }
  const stop = async () => {
    await state.stop?.()
    state.stop = null
  }
  beforeAll(async () => {
    servers.push(await endpoint(endpoints.east), await endpoint(endpoints.west))
  })
  afterAll(async () => {
    await Promise.all(servers.map((one) => closeServer(one.server)))
  })
  beforeEach(async () => {
    state.directory = await mkdtemp(join(tmpdir(), 'lifeboat-dns-'))
    await writeFile(join(state.directory, 'secret'), 'lab-secret\n')
    for (const one of servers) one.status = 200
  })
  afterEach(async () => {
    await stop()
    await rm(state.directory, { recursive: true })
  })
  return {
    /** Starts, or starts again with the same state. */
    start: async (change: Partial<DnsConfig> = {}) => {
      await stop()
      state.stop = await start(state.directory, change)
    },
    answerWith: (region: 'east' | 'west', status: number) => {
      const one = servers[region === 'east' ? 0 : 1]
      if (one) one.status = status
    },
  }
}
