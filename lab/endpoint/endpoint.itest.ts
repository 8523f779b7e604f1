import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endpointConfig } from '@/lab/endpoint/config'
import { startEndpoint } from '@/lab/endpoint/service'
import { closeServer, listen, readBody } from '@/lab/http-service'
import { processLogger } from '@/lab/service-process'
import { eventually } from '@/lab/testing'

const base = 'http://127.63.51.10:18080'
const alive = { host: '127.63.51.100', port: 8080, name: 'alive' }
const dead = { host: '127.63.51.101', port: 8080, name: 'dead' }
const silent = { host: '127.63.51.102', port: 8080, name: 'silent' }
let directory: string
let stop: () => Promise<void>
let servers: Server[]
type InstanceHealth = { status: string; reason: string | null; writer: string; writable: boolean }
let instanceHealth: InstanceHealth = { status: 'ok', reason: null, writer: 'db-east-1.lab', writable: true }

async function setBackends(...backends: (typeof alive)[]): Promise<void> {
  const path = join(directory, 'backends.json')
  await writeFile(`${path}.new`, JSON.stringify({ backends, desired: 3, updatedAt: new Date().toISOString() }))
  await rename(`${path}.new`, path)
  await eventually('the endpoint has read it', async () => (await health()).body.ready === backends.length)
}
async function health() {
  const response = await fetch(`${base}/health`)
  return { status: response.status, body: await response.json() }
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lifeboat-endpoint-'))
  const instance = createServer((request, response) => {
    void (async () => {
      if (request.url === '/health') {
        response.writeHead(instanceHealth.status === 'ok' ? 200 : 503).end(JSON.stringify(instanceHealth))
      } else if (request.method === 'POST') response.writeHead(201).end(await readBody(request, 1_000))
      else response.writeHead(302, { location: 'https://example.com/' }).end()
    })()
  })
  const mute = createServer(() => undefined)
  servers = [instance, mute]
  await listen(instance, alive.host, alive.port)
  await listen(mute, silent.host, silent.port)
  const config = endpointConfig.parse({
    listen: { host: '127.63.51.10' },
    region: 'us-east',
    backendsFile: join(directory, 'backends.json'),
    requestTimeoutMs: 400,
    healthTimeoutMs: 400,
  })
  stop = await startEndpoint(config, processLogger('endpoint'))
})
afterAll(async () => {
  await stop()
  await Promise.all(servers.map((server) => closeServer(server, 0)))
  await rm(directory, { recursive: true })
})

describe('requests', () => {
  it('go to every backend; reading ones are tried again elsewhere, writing ones are not', async () => {
    await setBackends(alive, dead)
    const reads = await Promise.all(Array.from({ length: 6 }, () => fetch(`${base}/x`, { redirect: 'manual' })))
    expect(reads.map((read) => read.status)).toEqual(Array.from({ length: 6 }, () => 302))
    expect(reads[0]?.headers.get('x-lifeboat-region')).toBe('us-east')
    const statuses: number[] = []
    for (let i = 0; i < 4; i += 1) {
      const response = await fetch(`${base}/links`, { method: 'POST', body: 'the body' })
      statuses.push(response.status)
      expect(await response.text()).toMatch(response.status === 201 ? /^the body$/ : /ECONNREFUSED/)
    }
    expect(statuses.toSorted()).toEqual([201, 201, 503, 503])
  })

  it('end in time when a backend is silent, and are not sent twice', async () => {
    await setBackends(silent)
    const from = performance.now()
    const response = await fetch(`${base}/links`, { method: 'POST', body: 'x' })
    expect(response.status).toBe(504)
    expect(performance.now() - from).toBeLessThan(5_000)
  })

  it('are refused with a reason when nobody is there', async () => {
    await setBackends()
    expect((await fetch(`${base}/x`)).status).toBe(503)
  })
})

describe('health', () => {
  it('is what a ready instance says of itself', async () => {
    await setBackends(alive, dead)
    expect(await health()).toMatchObject({
      status: 200,
      body: { status: 'ok', region: 'us-east', ready: 2, writer: 'db-east-1.lab', writable: true, reason: null },
    })
    instanceHealth = {
      status: 'unavailable',
      reason: 'db-east-1.lab is read-only',
      writer: 'db-east-1.lab',
      writable: false,
    }
    expect(await health()).toMatchObject({
      status: 503,
      body: { status: 'unavailable', reason: 'db-east-1.lab is read-only' },
    })
    await setBackends()
    expect(await health()).toMatchObject({
      status: 503,
      body: { ready: 0, writer: null, reason: 'none of 3 instances is ready' },
    })
  })
})
