import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AppsV1Api, CoreV1Api, KubeConfig, PatchStrategy, setHeaderOptions, VersionApi } from '@kubernetes/client-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { backendsFile } from '@/lab/cluster/backends'
import { startPostgres, startRedis, type TestServer, testDatabase } from '@/lab/shortener/test-servers'
import { eventually } from '@/lab/testing'
import { buildProcesses } from '@/scripts/build'

const database = '127.63.31.11'
const cache = '127.63.31.13'
const clusterHost = '127.63.31.12'
const endpoint = 'http://127.63.31.10:18080'
const target = { namespace: 'default', name: 'shortener' }
let directory: string
let machine: string
let servers: TestServer[]
let cluster: ChildProcess
let balancer: ChildProcess
let apps: AppsV1Api
let core: CoreV1Api
let version: VersionApi

function launch(name: string): ChildProcess {
  return spawn(process.execPath, [join(directory, `${name}.mjs`), join(directory, `${name}.json`)], {
    cwd: machine,
    stdio: 'ignore',
  })
}

async function configure(): Promise<void> {
  await writeFile(join(directory, 'secret'), testDatabase.password)
  await writeFile(
    join(directory, 'hosts.json'),
    JSON.stringify({ 'db.lab': database, 'alias.lab': database, 'cache.lab': cache }),
  )
  const secret = join(directory, 'secret')
  const environment = {
    DATABASE_HOST: 'db.lab',
    DATABASE_NAME: testDatabase.name,
    DATABASE_USER: testDatabase.user,
    DATABASE_PASSWORD_FILE: secret,
    CACHE_HOST: 'cache.lab',
    CACHE_PASSWORD_FILE: secret,
    REGION: 'us-east',
    DATACENTER_ID: '1',
    HOSTS_FILE: join(directory, 'hosts.json'),
  }
  const files = {
    cluster: {
      listen: { host: clusterHost },
      region: 'us-east',
      tokenFile: secret,
      deployment: { name: target.name, replicas: 2, environment },
      instanceScript: join(directory, 'shortener.mjs'),
      podNetwork: { prefix: '127.63.31' },
      backendsFile: join(machine, 'backends.json'),
      stateFile: join(machine, 'cluster.json'),
      readiness: { intervalMs: 200 },
    },
    endpoint: { listen: { host: '127.63.31.10' }, region: 'us-east', backendsFile: join(machine, 'backends.json') },
  }
  for (const [name, content] of Object.entries(files))
    await writeFile(join(directory, `${name}.json`), JSON.stringify(content))
}

function client(token = testDatabase.password): KubeConfig {
  const config = new KubeConfig()
  // The client allows plain HTTP only where it is told not to verify TLS.
  config.loadFromOptions({
    clusters: [{ name: 'lab', server: `http://${clusterHost}:16443`, skipTLSVerify: true }],
    users: [{ name: 'lifeboat', token }],
    contexts: [{ name: 'lab', cluster: 'lab', user: 'lifeboat' }],
    currentContext: 'lab',
  })
  return config
}

const merge = setHeaderOptions('Content-Type', PatchStrategy.MergePatch)
const strategic = setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch)
const read = () => apps.readNamespacedDeployment(target)
const setWriter = (value: string) => ({
  spec: { template: { spec: { containers: [{ name: target.name, env: [{ name: 'DATABASE_HOST', value }] }] } } },
})
const settled = (replicas: number) =>
  eventually(
    `${replicas} instances are current and ready`,
    async () => {
      const one = await read().catch(() => null)
      const status = one?.status
      const done =
        status?.observedGeneration === one?.metadata?.generation &&
        [status?.replicas, status?.readyReplicas, status?.updatedReplicas].every((count) => count === replicas)
      return done ? one : null
    },
    20_000,
  )
const health = async () => {
  const response = await fetch(`${endpoint}/health`).catch(() => null)
  return response ? { status: response.status, body: await response.json() } : null
}

/** Creates links without pause until told to stop; counts what was not 201. */
function hammer() {
  const counts = { created: 0, failed: [] as string[], stopped: false }
  const run = async () => {
    while (!counts.stopped) {
      const response = await fetch(`${endpoint}/links`, {
        method: 'POST',
        body: '{"url":"https://example.com"}',
      }).catch(() => null)
      if (response?.status === 201) counts.created += 1
      else counts.failed.push(`${response?.status}: ${await response?.text()}`)
      if (response && !response.bodyUsed) await response.arrayBuffer()
    }
  }
  const running = Promise.all([run(), run()])
  return async () => {
    counts.stopped = true
    await running
    return counts
  }
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lifeboat-cluster-'))
  machine = join(directory, 'machine')
  await mkdir(machine)
  await configure()
  const [postgres, redis] = await Promise.all([
    startPostgres(database),
    startRedis(cache),
    buildProcesses(directory, ['shortener', 'cluster', 'endpoint']),
  ])
  servers = [postgres, redis]
  cluster = launch('cluster')
  balancer = launch('endpoint')
  apps = client().makeApiClient(AppsV1Api)
  core = client().makeApiClient(CoreV1Api)
  version = client().makeApiClient(VersionApi)
  await settled(2)
})
afterAll(async () => {
  await Promise.all([cluster, balancer].map((child) => endProcess(child)))
  await Promise.all((servers ?? []).map((server) => server.stop()))
  await rm(directory, { recursive: true })
})

function endProcess(child: ChildProcess | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill('SIGTERM')
  })
}

describe('the API', () => {
  it('answers the official client', async () => {
    expect((await version.getCode()).major).toBe('1')
    expect((await apps.listNamespacedDeployment({ namespace: 'default' })).items).toHaveLength(1)
    const pods = await core.listNamespacedPod({ namespace: 'default', labelSelector: 'app=shortener' })
    expect(pods.items.map((pod) => pod.status?.phase)).toEqual(['Running', 'Running'])
    expect(pods.items[0]?.status?.podIP).toBe('127.63.31.100')
    expect((await apps.readNamespacedDeploymentScale(target)).spec?.replicas).toBe(2)
  })

  it('refuses strangers, unknown things, stale versions and nonsense', async () => {
    const code = (expected: number) => expect.objectContaining({ code: expected })
    const stranger = client('wrong').makeApiClient(AppsV1Api)
    await expect(stranger.readNamespacedDeployment(target)).rejects.toEqual(code(401))
    await expect(apps.readNamespacedDeployment({ ...target, name: 'other' })).rejects.toEqual(code(404))
    const stale = { metadata: { resourceVersion: '1', annotations: { note: 'x' } } }
    await expect(apps.patchNamespacedDeployment({ ...target, body: stale }, merge)).rejects.toEqual(code(409))
    await expect(
      apps.patchNamespacedDeployment({ ...target, body: { spec: { replicas: -1 } } }, merge),
    ).rejects.toEqual(code(422))
    expect((await read()).metadata?.annotations).toBeUndefined()
  })

  it('keeps annotations without rolling anything', async () => {
    const before = await read()
    const body = {
      metadata: { annotations: { 'lifeboat.dev/generation': '7' }, resourceVersion: before.metadata?.resourceVersion },
    }
    const after = await apps.patchNamespacedDeployment({ ...target, body }, merge)
    expect(after.metadata?.annotations).toEqual({ 'lifeboat.dev/generation': '7' })
    expect(after.metadata?.generation).toBe(before.metadata?.generation)
    // What the client read and sends back unchanged is no change.
    const replaced = await apps.replaceNamespacedDeployment({ ...target, body: await read() })
    expect(replaced.metadata?.generation).toBe(before.metadata?.generation)
  })
})

describe('instances', () => {
  it('scale, and roll without losing a request', async () => {
    await apps.patchNamespacedDeploymentScale({ ...target, body: { spec: { replicas: 5 } } }, merge)
    await settled(5)
    const before = (await core.listNamespacedPod({ namespace: 'default' })).items.map((pod) => pod.metadata?.name)
    const stopHammer = hammer()
    const from = performance.now()
    await apps.patchNamespacedDeployment({ ...target, body: setWriter('alias.lab') }, strategic)
    const done = await settled(5)
    const tookMs = performance.now() - from
    const { created, failed } = await stopHammer()
    console.info(
      `5 instances rolled in ${Math.round(tookMs)} ms; meanwhile ${created} links created, ${failed.length} failed`,
    )
    expect(failed).toEqual([])
    expect(created).toBeGreaterThan(0)
    const after = (await core.listNamespacedPod({ namespace: 'default' })).items
    expect(after.filter((pod) => before.includes(pod.metadata?.name) && !pod.metadata?.deletionTimestamp)).toEqual([])
    const env = done.spec?.template.spec?.containers[0]?.env ?? []
    expect(env.find((variable) => variable.name === 'DATABASE_HOST')?.value).toBe('alias.lab')
    expect(env.find((variable) => variable.name === 'REGION')?.value).toBe('us-east')
    expect(await health()).toMatchObject({
      status: 200,
      body: { status: 'ok', region: 'us-east', writer: 'alias.lab', ready: 5 },
    })
  })

  it('that crash are started again', async () => {
    const file = backendsFile.parse(JSON.parse(await readFile(join(machine, 'backends.json'), 'utf8')))
    expect(file.backends).toHaveLength(5)
    const pods = async () => (await core.listNamespacedPod({ namespace: 'default' })).items
    await eventually('the old instances are gone', async () => (await pods()).length === 5)
    const text = await readFile(`/proc/${cluster.pid}/task/${cluster.pid}/children`, 'utf8')
    process.kill(Number(text.trim().split(' ')[0]), 'SIGKILL')
    await eventually('one is missed', async () => (await read()).status?.readyReplicas === 4)
    await settled(5)
    const restarts = (await core.listNamespacedPod({ namespace: 'default' })).items.map(
      (pod) => pod.status?.containerStatuses?.[0]?.restartCount ?? 0,
    )
    expect(restarts.reduce((sum, count) => sum + count)).toBe(1)
  })

  it('end with a cluster that is killed, and come back as they were wanted', async () => {
    const generation = (await read()).metadata?.generation
    const exited = new Promise((resolve) => cluster.once('exit', resolve))
    cluster.kill('SIGKILL')
    await exited
    await eventually('the endpoint finds nobody', async () => (await health())?.status === 503)
    cluster = launch('cluster')
    const again = await settled(5)
    expect(again.metadata?.generation).toBe(generation)
    expect(again.metadata?.annotations).toEqual({ 'lifeboat.dev/generation': '7' })
    await eventually('the endpoint is well', async () => (await health())?.status === 200)
  })

  it('answer through the endpoint, which says its region', async () => {
    const created = await fetch(`${endpoint}/links`, { method: 'POST', body: '{"url":"https://example.com/x"}' })
    expect([created.status, created.headers.get('x-lifeboat-region')]).toEqual([201, 'us-east'])
    const code = String((await created.json()).code)
    const followed = await fetch(`${endpoint}/${code}`, { redirect: 'manual' })
    expect([followed.status, followed.headers.get('location')]).toEqual([302, 'https://example.com/x'])
  })
})
