import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clusterConfig } from '@/lab/cluster/config'
import { startCluster } from '@/lab/cluster/service'
import { eventually } from '@/lab/testing'
import { createKubernetesWorkload } from '@/server/adapters/kubernetes/kubernetes'
import { createNames } from '@/server/adapters/names'
import { createSecrets } from '@/server/adapters/secrets'
import { StaleGeneration, Terminal, Unreachable } from '@/server/ports/errors'
import { testConfig } from '@/server/testing/facts'
import { StepHarness } from '@/server/testing/step-harness'
import { connectManagedService } from '@/server/wiring-managed'

/** A Kubernetes API with a controller that really starts and replaces processes; what they serve is of no interest here. */
const instance = `
  import { createServer } from 'node:http'
  const server = createServer((_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"ok"}'))
  server.listen(Number(process.env.PORT), process.env.HOST)
  process.on('SIGTERM', () => process.exit(0))
`
const directory = mkdtempSync(join(tmpdir(), 'lifeboat-workload-'))
const host = '127.66.2.12'
const names = createNames(join(directory, 'hosts.json'))
let stop: () => Promise<void>

const workloadAt = (apiUrl: string, token = 'cluster-token', deployment = 'shortener') =>
  createKubernetesWorkload({ region: 'us-west', apiUrl, token: () => token, namespace: 'default', deployment, names })
const workload = workloadAt('http://cluster-us-west.test:16443')
const service = connectManagedService(withCluster(), {
  names,
  secrets: createSecrets({ TOKEN: 'cluster-token' }),
  vantage: 'vantage-a',
})
const harness = new StepHarness(service)

function withCluster() {
  const config = testConfig()
  for (const region of config.regions) region.workload.apiUrl = `http://cluster-${region.id}.test:16443`
  return config
}

beforeAll(async () => {
  writeFileSync(join(directory, 'token'), 'cluster-token')
  writeFileSync(join(directory, 'instance.mjs'), instance)
  writeFileSync(join(directory, 'hosts.json'), JSON.stringify({ 'cluster-us-west.test': host }))
  const config = clusterConfig.parse({
    listen: { host },
    region: 'us-west',
    tokenFile: join(directory, 'token'),
    deployment: { name: 'shortener', replicas: 2, environment: { DATABASE_HOST: 'db-east-1.lab', KEPT: 'as it is' } },
    instanceScript: join(directory, 'instance.mjs'),
    podNetwork: { prefix: '127.66.2' },
    backendsFile: join(directory, 'backends.json'),
    stateFile: join(directory, 'cluster.json'),
    readiness: { intervalMs: 100 },
  })
  stop = await startCluster(config, pino({ level: 'silent' }))
  await eventually('the first instances', async () => (await workload.observe()).settled, 20_000)
})
afterAll(async () => {
  workload.close()
  await service.close()
  await stop?.()
  rmSync(directory, { recursive: true })
})

const point = {
  region: 'us-west',
  serverId: 'db-west-1',
  host: 'db-west-1.lab',
  port: 15432,
  hostEnv: 'DATABASE_HOST',
  portEnv: 'DATABASE_PORT',
}

describe('the instances of a region', () => {
  it('are told the new writer once, and keep everything else', async () => {
    harness.generation = 5
    const [output] = await harness.twice('workload.point-at-primary', point)
    expect(output).toMatchObject({
      desired: 2,
      ready: 2,
      environment: { DATABASE_HOST: 'db-west-1.lab', DATABASE_PORT: '15432' },
    })
    expect(harness.progress[0]).toBe('0 of 2 instances in us-west know the new primary')
    const seen = await workload.observe()
    expect(seen).toMatchObject({
      settled: true,
      generation: 5,
      environment: { DATABASE_HOST: 'db-west-1.lab', KEPT: 'as it is' },
    })
  })

  it('are scaled up, and never down', async () => {
    const [output] = await harness.twice('workload.scale-region', { region: 'us-west', replicas: 4 })
    expect(output).toMatchObject({ desired: 4, ready: 4 })
    await harness.run('workload.scale-region', { region: 'us-west', replicas: 2 })
    expect((await workload.observe()).desired).toBe(4)
  })

  it('obey a newer run and refuse an older one', async () => {
    await workload.configure({ DATABASE_HOST: 'db-west-1.lab' }, 9)
    await expect(workload.configure({ DATABASE_HOST: 'db-east-1.lab' }, 8)).rejects.toBeInstanceOf(StaleGeneration)
    await expect(workload.scale(1, 8)).rejects.toMatchObject({ newestGeneration: 9 })
    expect((await workload.observe()).environment.DATABASE_HOST).toBe('db-west-1.lab')
  })

  it('take both of two changes that come at once', async () => {
    await Promise.all([
      workload.configure({ ONE: '1' }, 10),
      workload.configure({ TWO: '2' }, 10),
      workload.scale(3, 10),
    ])
    const seen = await workload.observe()
    expect(seen).toMatchObject({ desired: 3, generation: 10, environment: { ONE: '1', TWO: '2' } })
  })
})

describe('a cluster that fails', () => {
  it('is told from one that says no', async () => {
    await expect(workloadAt(`http://${host}:16443`, 'wrong').observe()).rejects.toBeInstanceOf(Terminal)
    await expect(workloadAt(`http://${host}:16443`, 'cluster-token', 'nothing').observe()).rejects.toThrow(
      'answered 404',
    )
    await expect(workloadAt('http://127.66.9.9:16443').observe()).rejects.toBeInstanceOf(Unreachable)
  })
})
