import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { closeServer, listen } from '@/lab/http-service'
import { storeConfig } from '@/lab/store/config'
import { startStore } from '@/lab/store/service'
import { StaleGeneration, Terminal, Unreachable } from '@/server/ports/errors'
import { createAnchorStore } from './anchor-store/anchor-store'
import { createNames } from './names'
import { createS3Objects } from './s3-objects'
import { createTrafficSwitch } from './traffic-switch/traffic-switch'

const directory = mkdtempSync(join(tmpdir(), 'lifeboat-s3-'))
const host = '127.66.2.14'
const silentHost = '127.66.3.14'
let stop: () => Promise<void>
let silent: Server

const objectsAt = (address: string, secret = 'lab-secret') =>
  createS3Objects({
    endpoint: `http://${address}:19000`,
    bucket: 'lifeboat',
    keys: { accessKeyId: () => 'LABKEY', secretAccessKey: () => secret },
    names: createNames(null),
    system: 'store us-west',
  })
const objects = objectsAt(host)
const trafficSwitch = createTrafficSwitch(() => ({ objects, key: 'switch/traffic' }))

beforeAll(async () => {
  writeFileSync(join(directory, 'secret'), 'lab-secret')
  const config = storeConfig.parse({
    listen: { host },
    dataDirectory: join(directory, 'data'),
    credentials: [{ accessKeyId: 'LABKEY', secretAccessKeyFile: join(directory, 'secret') }],
    buckets: ['lifeboat'],
    publicRead: ['lifeboat/switch/'],
  })
  stop = await startStore(config, pino({ level: 'silent' }))
  silent = createServer(() => undefined)
  await listen(silent, silentHost, 19000)
})
afterAll(async () => {
  await stop()
  await closeServer(silent)
  rmSync(directory, { recursive: true })
})

describe('the traffic switch', () => {
  const isPublic = async () => (await fetch(`http://${host}:19000/lifeboat/switch/traffic`)).status

  it('is an object whose presence a health checker sees', async () => {
    expect(await trafficSwitch.read('us-west')).toMatchObject({ set: false, generation: null })
    expect(await isPublic()).toBe(404)
    await trafficSwitch.set('us-west', 5, 'run-5')
    await trafficSwitch.set('us-west', 5, 'run-5')
    expect(await trafficSwitch.read('us-west')).toMatchObject({ set: true, generation: 5 })
    expect(await isPublic()).toBe(200)
  })

  it('obeys a newer generation and refuses an older one, set or cleared', async () => {
    await trafficSwitch.set('us-west', 6, 'run-6')
    await expect(trafficSwitch.set('us-west', 5, 'run-5')).rejects.toBeInstanceOf(StaleGeneration)
    await expect(trafficSwitch.clear('us-west', 5, 'run-5')).rejects.toMatchObject({ newestGeneration: 6 })
    await trafficSwitch.clear('us-west', 7, 'run-7')
    await trafficSwitch.clear('us-west', 7, 'run-7')
    expect(await isPublic()).toBe(404)
    await expect(trafficSwitch.set('us-west', 6, 'run-6')).rejects.toMatchObject({ newestGeneration: 7 })
    await trafficSwitch.set('us-west', 8, 'run-8')
    expect(await trafficSwitch.read('us-west')).toMatchObject({ set: true, generation: 8 })
  })

  it('keeps the newest of two who write at once', async () => {
    const outcomes = await Promise.allSettled(
      [11, 10, 12, 9].map((generation) => trafficSwitch.set('us-west', generation, `run-${generation}`)),
    )
    expect(outcomes[2]?.status).toBe('fulfilled')
    expect(await trafficSwitch.read('us-west')).toMatchObject({ generation: 12 })
  })

  it('leaves alone what it did not write', async () => {
    const other = createTrafficSwitch(() => ({ objects, key: 'switch/other' }))
    await objects.put('switch/other', 'by hand', { ifNoneMatch: '*' })
    await expect(other.set('us-west', 99, 'run-99')).rejects.toBeInstanceOf(Terminal)
    expect((await objects.get('switch/other'))?.body).toBe('by hand')
  })
})

describe('the anchor store', () => {
  const anchors = createAnchorStore('s3://lifeboat', objects)

  it('writes each head once', async () => {
    expect(await anchors.putOnce('anchors/000001', 'one')).toBe(true)
    expect(await anchors.putOnce('anchors/000001', 'other')).toBe(false)
    expect(await anchors.get('anchors/000001')).toBe('one')
    expect(await anchors.get('anchors/000002')).toBeNull()
    const race = await Promise.all(['a', 'b', 'c'].map((body) => anchors.putOnce('anchors/000002', body)))
    expect(race.filter(Boolean)).toHaveLength(1)
    expect(await anchors.list('anchors/')).toEqual(['anchors/000001', 'anchors/000002'])
  })
})

describe('a store that fails', () => {
  it('says no to a wrong key, and nothing in time when it is silent or gone', async () => {
    await expect(objectsAt(host, 'wrong').get('x')).rejects.toBeInstanceOf(Terminal)
    const startedAt = performance.now()
    await expect(objectsAt('127.66.9.9').get('x')).rejects.toBeInstanceOf(Unreachable)
    await expect(objectsAt(silentHost).get('x')).rejects.toBeInstanceOf(Unreachable)
    expect(performance.now() - startedAt).toBeLessThan(8_000)
  })
})
