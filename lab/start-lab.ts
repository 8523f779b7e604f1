import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { hostAddress, ports, regions } from '@/lab/addressing'
import { LabClient } from '@/lab/client'
import { writeConfiguration } from '@/lab/config'
import type { Programs } from '@/lab/config/outside'
import * as control from '@/lab/control'
import { awaitDatabases, isProvisioned, isWriter, provision } from '@/lab/databases'
import { appRole, consoleUrl } from '@/lab/environment'
import { requestJson } from '@/lab/http-client'
import { Lab } from '@/lab/lab'
import { claimState, writeLabFile } from '@/lab/lab-file'
import { endLeftovers } from '@/lab/leftovers'
import { bundled, type ConsoleKind, consoleProcess, worker } from '@/lab/outside'
import { type LabPaths, labPaths } from '@/lab/paths'
import { checkPorts, wantedAddresses } from '@/lab/port-check'
import { identityOf } from '@/lab/processes'
import { findPostgres, findRedis, oldestPostgres } from '@/lab/programs'
import { secretValue } from '@/lab/secrets'
import { seedLab } from '@/lab/seed'
import { LabProblem, type LabSettings, readSettings, repository } from '@/lab/settings'
import { Supervisor } from '@/lab/supervise'
import { buildProcesses } from '@/scripts/build'
import { whenChanged } from '@/scripts/setup/fingerprint'
import type { LifeboatConfig } from '@/server/domain/service-config'
import type { Access } from '@/server/wiring-seed'

export interface LabOptions extends Partial<LabSettings> {
  stateDirectory: string
  net: number
  with?: {
    /** Default none: tests of the regions alone need no console. */
    console?: ConsoleKind | false
    workers?: boolean
    traffic?: boolean
    /** Control database and Redis, migrated and seeded. Workers and console need them. */
    control?: boolean
  }
  /** Called when a stage has ended; `note` when there is more to say than that it did. */
  onStage?: (stage: string, tookMs: number, note: string | null) => void
  /** Gives the start up: what was started is stopped again, and the start throws. */
  signal?: AbortSignal
}

type Parts = Required<NonNullable<LabOptions['with']>>

/** What a stage of the start hands to the next. */
interface Start {
  settings: LabSettings
  paths: LabPaths
  programs: Programs
  supervisor: Supervisor
  client: LabClient
  parts: Parts
  stage: <T>(name: string, action: () => Promise<T>, note?: (result: T) => string | null) => Promise<T>
}

function findPrograms(): Programs {
  const postgres = findPostgres()
  const redis = findRedis()
  if (postgres === null || redis === null) {
    const missing = postgres === null ? `PostgreSQL ${oldestPostgres} or newer` : 'Redis'
    throw new LabProblem(`${missing} was not found. Install it with: npm run setup`)
  }
  return { binDirectory: postgres.binDirectory, redis }
}

async function bundle(paths: LabPaths): Promise<void> {
  const inputs = ['agent', 'lab', 'server', 'workers', 'scripts/build.ts', 'package-lock.json']
  const mark = {
    file: join(paths.build, 'inputs'),
    result: paths.script('platform'),
    inputs: inputs.map((path) => join(repository, path)),
  }
  await whenChanged(mark, () => buildProcesses(paths.build))
}

/** A state directory that was deleted leaves what lies elsewhere as an orphan: its secrets are gone, so is its use. */
function removeOrphanedData(paths: LabPaths): void {
  if (paths.data !== paths.lab && !existsSync(paths.secrets)) rmSync(paths.data, { recursive: true, force: true })
}

async function startControl(start: Start): Promise<Access> {
  const { settings, paths, programs, supervisor, stage } = start
  await stage('control database and Redis', async () => {
    await control.makeControlCluster(settings, paths, programs)
    supervisor.start(control.controlPostgres(paths, programs))
    supervisor.start(control.controlRedis(paths, programs))
    const postgres = control.controlAddress(settings, paths, 'postgres')
    await supervisor.untilReady('control-postgres', () => control.answersSql(postgres), 60_000)
    await supervisor.untilReady('control-redis', () => control.redisAnswers(settings, paths), 20_000)
    await control.ensureControlDatabase(settings, paths)
  })
  await stage('migrations', async () => {
    const { migrate } = await import('@/server/db/migrate')
    const role = { name: appRole, password: secretValue(paths, 'control-app-password') }
    await migrate(control.controlAddress(settings, paths), { appRole: role })
  })
  return stage('users and lifeboat.yaml', () => seedLab(settings, paths))
}

/** What carries the regions, and the regions themselves. */
async function startRegions(start: Start): Promise<void> {
  const { settings, paths, supervisor, client, stage } = start
  await stage('network, DNS and platform', async () => {
    for (const name of ['network', 'dns', 'platform']) supervisor.start(bundled(paths, name))
    const host = hostAddress(settings.net, 'outside', 'outside')
    const reachable = (port: number) => async () =>
      (await requestJson({ method: 'GET', host, port, path: '/', timeoutMs: 1_000 })).status > 0
    await supervisor.untilReady('network', reachable(ports.network), 20_000)
    await supervisor.untilReady('platform', reachable(ports.platform), 20_000)
    await supervisor.untilReady('dns', reachable(ports.route53), 20_000)
  })
  if (!isProvisioned(paths)) {
    await stage('databases: us-east writes, us-west follows', () => provision(settings, paths, client))
    return
  }
  await stage(
    'databases',
    () => awaitDatabases(client, (seen) => regions.every((region) => seen[region]?.state === 'running'), 20_000),
    (result) => (result.held ? null : result.summary),
  )
}

async function startWorkers({ settings, paths, supervisor, client, stage }: Start): Promise<void> {
  await stage(
    'workers',
    async () => {
      for (const letter of ['a', 'b'] as const) supervisor.start(worker(settings, paths, letter))
      // A writer that was stopped comes up read-only, until the workers tell it that it still is the writer.
      return awaitDatabases(client, (seen) => regions.some((region) => isWriter(seen[region])), 45_000)
    },
    (result) => (result.held ? null : `no database takes writes yet: ${result.summary}`),
  )
}

async function startConsole({ settings, paths, supervisor, stage }: Start, kind: ConsoleKind): Promise<void> {
  await stage('console', async () => {
    supervisor.start(consoleProcess(settings, paths, kind))
    const page = { host: settings.consoleHost, port: settings.consolePort, path: '/livez', timeoutMs: 20_000 }
    const answers = async () => (await requestJson({ method: 'GET', ...page })).status === 200
    await supervisor.untilReady('console', answers, 90_000)
  })
}

async function awaitShortener({ settings, stage }: Start): Promise<void> {
  const healthy = async () => {
    const answers = regions.map((region) => {
      const host = hostAddress(settings.net, region, 'endpoint')
      return requestJson({ method: 'GET', host, port: ports.endpoint, path: '/health', timeoutMs: 2_000 })
    })
    return (await Promise.allSettled(answers)).some((one) => one.status === 'fulfilled' && one.value.status === 200)
  }
  await stage(
    'the URL shortener answers',
    async () => {
      const until = Date.now() + 30_000
      while (Date.now() < until) {
        if (await healthy()) return true
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
      return false
    },
    (answered) => (answered ? null : 'no region is healthy yet: see `npm run lab -- status`'),
  )
}

function stager({ onStage, signal }: LabOptions): Start['stage'] {
  const given = new Promise<never>((_, reject) => {
    signal?.addEventListener('abort', () => reject(new LabProblem('The start was given up.')))
  })
  given.catch(() => undefined)
  return async (name, action, note) => {
    const begun = performance.now()
    const result = await Promise.race([action(), given])
    onStage?.(name, performance.now() - begun, note?.(result) ?? null)
    return result
  }
}

async function run(start: Start): Promise<{ service: LifeboatConfig; access: Access | null }> {
  const { settings, paths, programs, parts, stage } = start
  await stage(
    'what an earlier start left',
    () => endLeftovers(paths),
    (ended) => (ended === 0 ? null : `${ended} processes ended`),
  )
  await checkPorts(wantedAddresses(settings, parts.console !== false))
  removeOrphanedData(paths)
  const service = writeConfiguration(settings, paths, programs)
  rmSync(join(paths.outside, 'network', 'faults.json'), { force: true })
  await stage('bundles', () => bundle(paths))
  const [access] = await Promise.all([parts.control ? startControl(start) : null, startRegions(start)])
  const { console: kind, workers } = parts
  await Promise.all([workers ? startWorkers(start) : null, kind ? startConsole(start, kind) : null])
  await awaitShortener(start)
  if (parts.traffic) start.supervisor.start(bundled(paths, 'traffic'))
  return { service, access }
}

/**
 * Starts a lab and waits until it is usable. State of an earlier lab in the same directory is taken up again.
 * @throws LabProblem when the person at the keyboard can help; nothing is left running then
 */
export async function startLab(options: LabOptions): Promise<Lab> {
  const { with: wanted, onStage: _, signal: __, ...given } = options
  const defaults = { ...readSettings({ LIFEBOAT_STATE_DIR: options.stateDirectory }), delayed: false }
  const settings: LabSettings = { ...defaults, ...given }
  const parts: Parts = { console: false, workers: true, traffic: true, control: true, ...wanted }
  const paths = labPaths(settings.stateDirectory)
  const programs = findPrograms()
  mkdirSync(paths.lab, { recursive: true })
  const giveBack = claimState(paths, consoleUrl(settings))
  const startedAt = new Date().toISOString()
  const own = identityOf(process.pid) ?? { pid: process.pid, startTicks: 0 }

  const supervisor: Supervisor = new Supervisor(() => {
    const processes = supervisor.status().flatMap((one) => (one.pid === null ? [] : [{ ...one, pid: one.pid }]))
    const { net, stateDirectory } = settings
    writeLabFile(paths, {
      net,
      stateDirectory,
      consoleUrl: consoleUrl(settings),
      startedAt,
      supervisor: own,
      processes,
    })
  })
  const client = new LabClient(settings.net, paths)
  const start: Start = { settings, paths, programs, supervisor, client, parts, stage: stager(options) }
  const labWith = (service: LifeboatConfig | null, access: Access | null) =>
    new Lab(settings, paths, service ?? { version: 1, services: [] }, access, client, supervisor, giveBack)
  try {
    const { service, access } = await run(start)
    return labWith(service, access)
  } catch (error) {
    await labWith(null, null).stop()
    throw error
  }
}
