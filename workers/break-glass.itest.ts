import { randomUUID } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSecondFactor } from '@/server/adapters/second-factor/totp'
import type { AgentObservation } from '@/server/domain/agent-protocol'
import { digestOf, toJson } from '@/server/domain/json'
import type { Observation } from '@/server/domain/observation'
import type { ServiceConfig } from '@/server/domain/service-config'
import { executeRun } from '@/server/executor/run'
import type { ManagedService } from '@/server/ports/managed'
import { getCommitWindow } from '@/server/queries/commit-window'
import { commitToNewPrimary } from '@/server/services/commit-window/decide'
import { endCommitWindows } from '@/server/services/commit-window/end-due'
import type { Context } from '@/server/services/context'
import { followPrimaries } from '@/server/services/incidents/follow-primaries'
import { recordObservations } from '@/server/services/observations/record'
import { listWatchedServices } from '@/server/services/observations/watched-services'
import { decideRun } from '@/server/services/runs/decide'
import { requestRun } from '@/server/services/runs/request'
import { catalog } from '@/server/steps/catalog'
import { startTestControlPlane, type TestControlPlane } from '@/server/testing/control-plane'
import { testConfig } from '@/server/testing/facts'
import { openRegionPair, type RegionPair, untilSeen } from '@/server/testing/region-pair'
import { keptLog, realClock, until } from '@/server/testing/worker-tools'
import { connectWorld } from '@/server/testing/world/connect'
import { World } from '@/server/testing/world/world'
import { sayWriterWord } from './writer-word'

/**
 * The whole way of a broken glass, with real servers and the real executor: the old primary is alive, writable and out of everybody's sight, nothing can prove
 * it fenced, and people decide to go on. Only traffic and workloads are of the test's world: they have no say in who writes.
 */
const intervalMs = 200
const worker = { type: 'worker', id: 'worker-a', vantage: 'vantage-a' } as const
const port = createSecondFactor('a process secret of 32 characters')
const world = new World()
let pair: RegionPair
let control: TestControlPlane
let config: ServiceConfig
let managed: ManagedService
let admin: Context
let approver: Context
let runId: string

const servers = ['db-east-1', 'db-west-1'] as const
const watching = () => ({ db: control.db, clock: realClock, actor: worker })

beforeAll(async () => {
  // So long that the old primary does not fence itself while the test runs: the risk is to be real.
  pair = await openRegionPair(88, 600_000)
  control = await startTestControlPlane(88)
  config = { ...withoutProof(pair.config), id: `shortener-${randomUUID().slice(0, 8)}` }
  const { agent, postgres } = pair.service
  managed = { ...connectWorld(world), agent: (id) => agent(id), postgres: (id) => postgres(id) }
  approver = await control.person('approver')
  admin = { ...(await control.person('admin')), secondFactor: port }
  await seedService()
}, 120_000)
afterAll(async () => {
  await pair?.close()
  await control?.stop()
})

/** No platform, no promise that an isolated primary stops: fencing cannot be proved once the agent is silent. */
function withoutProof(from: ServiceConfig): ServiceConfig {
  const answers: Record<string, string[]> = { 'us-east': ['127.1.1.10'], 'us-west': ['127.1.2.10'] }
  return {
    ...from,
    platform: undefined,
    // The names that the world's DNS knows.
    dns: testConfig().dns,
    regions: from.regions.map((region) => ({ ...region, answers: answers[region.id] ?? region.answers })),
    policies: { ...from.policies, acceptSelfFence: false },
  }
}

async function seedService(): Promise<void> {
  const { systemIdentifier } = await pair.service.postgres('db-east-1').identify()
  await control.db.service.create({
    data: {
      id: config.id,
      name: config.name,
      config: toJson(config) ?? {},
      configDigest: digestOf(config),
      writerServerId: 'db-east-1',
      writerRegion: 'us-east',
      writerTimeline: 1,
      writerSystemIdentifier: systemIdentifier,
      lease: { create: {} },
    },
  })
  await look()
}

/** What a worker's collectors would write down now: real answers of the agents, and endpoints that fail in the lost region. */
async function look(): Promise<void> {
  const seen = await Promise.all(
    servers.map(async (serverId) => ({
      serverId,
      at: new Date().toISOString(),
      facts: await pair.service
        .agent(serverId)
        .call('observe', {})
        .catch(() => null),
    })),
  )
  const about = { service: config.id, vantage: 'vantage-a', intervalMs: 60_000 }
  const agents = seen.map(
    ({ serverId, at, facts }): Observation => ({
      ...about,
      kind: 'agent',
      subject: serverId,
      ok: facts !== null,
      failure: facts === null ? 'no answer' : null,
      observedAt: at,
      facts,
    }),
  )
  const endpoints = ['vantage-a', 'vantage-b'].map(
    (vantage): Observation => ({
      ...about,
      vantage,
      kind: 'endpoint',
      subject: 'us-east',
      ok: false,
      failure: 'no answer',
      observedAt: new Date().toISOString(),
      facts: { status: null, latencyMs: 1, failure: 'no answer', address: null, consecutiveFailures: 3 },
    }),
  )
  const positions = seen.flatMap(({ serverId, at, facts }) => positionOf(serverId, at, facts))
  await recordObservations(watching(), { observations: [...agents, ...endpoints], positions })
}

function positionOf(serverId: string, observedAt: string, facts: AgentObservation | null) {
  const lsn = facts?.currentLsn ?? facts?.replayedLsn
  if (!facts?.role || !lsn || facts.timeline === null) return []
  const { role, timeline } = facts
  const unknown = { heartbeatAt: null, lagBytes: null, lagMs: null }
  return [{ service: config.id, serverId, role, timeline, lsn, observedAt, ...unknown }]
}

const code = (secret: string) => new TOTP({ secret: Secret.fromBase32(secret) }).generate()

async function brokenGlass(): Promise<string> {
  const secret = port.newSecret()
  const factor = { sealedSecret: port.seal(admin.actor.id, secret), confirmedAt: new Date() }
  await control.db.secondFactor.create({ data: { userId: admin.actor.id, ...factor } })
  const opened = await requestRun(admin, {
    service: config.id,
    kind: 'failover',
    inputs: { breakGlass: ['fencing.not-provable'] },
    reason: 'us-east is out of sight for everybody; going on is worth the risk',
    secondFactorCode: code(secret),
  })
  return opened.runId
}

const execute = () =>
  executeRun(runId, {
    db: control.db,
    clock: realClock,
    worker,
    catalog,
    connect: () => managed,
    leaseMs: 30_000,
    log: keptLog(),
  })
const runRow = () => control.db.run.findUniqueOrThrow({ where: { id: runId }, include: { steps: true } })

async function watched() {
  const found = (await listWatchedServices({ db: control.db })).services.find((each) => each.id === config.id)
  if (!found) throw new Error('the service is not watched')
  return found
}

describe('a failover whose fencing nobody can prove', () => {
  it('is promoted with the accepted risk, once it was approved', async () => {
    pair.point('db-east-1.lab', '127.88.9.9')
    await look()
    runId = await brokenGlass()
    const { digest } = await runRow()
    expect(await execute()).toBe('nothing-to-do')
    await decideRun(approver, { runId, decision: 'approve', digest, comment: 'the risk is accepted' })
    const outcome = await execute()
    const run = await runRow()
    expect([outcome, run.state, run.stateReason]).toEqual(['ended', 'succeeded', null])
    const accepted = run.steps.find((step) => step.stepId === 'operator.accept-unfenced')
    expect(accepted).toMatchObject({ state: 'succeeded', output: { method: 'accepted-risk', serverId: 'db-east-1' } })
    expect(await pair.service.postgres('db-west-1').identify()).toMatchObject({ inRecovery: false, timeline: 2 })
  }, 90_000)

  it('shows a critical incident when the old primary appears, still writable', async () => {
    pair.point('db-east-1.lab', '127.88.1.11')
    await untilSeen(pair.service, 'db-east-1', (seen) => seen.role === 'primary' && seen.acceptsWrites === true)
    const incident = () => control.db.incident.findFirst({ where: { serviceId: config.id, kind: 'two-primaries' } })
    await until(async () => {
      await look()
      await followPrimaries(watching(), await watched(), intervalMs)
      return (await incident()) !== null
    }, 'both are seen as primary')
    expect(await incident()).toMatchObject({ severity: 'critical', state: 'confirmed' })
  }, 60_000)

  it('has the second primary fenced by the word on who the writer is', async () => {
    const service = await watched()
    expect(service.writer.serverId).toBe('db-west-1')
    await until(async () => {
      await look()
      await sayWriterWord(
        { ctx: watching(), vantage: 'vantage-a', log: keptLog(), refusals: new Map() },
        service,
        managed,
      )
      const seen = await pair.service.agent('db-east-1').call('observe', {})
      return seen.fence?.reason === 'superseded' && seen.acceptsWrites !== true
    }, 'db-east-1 is fenced as superseded')
    expect(await pair.service.postgres('db-west-1').identify()).toMatchObject({ inRecovery: false })
  }, 60_000)
})

describe('the way back that it left', () => {
  it('is kept, with what taking it would lose', async () => {
    await look()
    const { window } = await getCommitWindow(approver, config.id)
    expect(window).toMatchObject({ runId, state: 'open', fencedServerId: 'db-east-1', writerServerId: 'db-west-1' })
    expect(window?.can.commit.allowed).toBe(true)
    const before = window?.goingBack.bytes ?? -1
    expect(before).toBeGreaterThanOrEqual(0)
    await pair.service.postgres('db-west-1').proveWritable('written after the failover')
    await until(async () => {
      await look()
      return ((await getCommitWindow(approver, config.id)).window?.goingBack.bytes ?? 0) > before
    }, 'more would be lost than before')
    const later = (await getCommitWindow(approver, config.id)).window
    expect(later?.goingBack).toMatchObject({ stale: false, rows: null })
    expect(later?.goingBack.seconds).toBeGreaterThan(0)
    const opened = await control.db.auditEntry.count({ where: { runId, action: 'commit-window.open' } })
    expect(opened).toBe(1)
  }, 60_000)

  it('is given up by a person with the right, with a reason, once', async () => {
    const service = config.id
    const viewer = await control.person('viewer')
    await expect(commitToNewPrimary(viewer, { service, runId, reason: 'no' })).rejects.toThrow('needs the role')
    await expect(commitToNewPrimary(approver, { service, runId: 'another', reason: 'no' })).rejects.toThrow('not open')
    await commitToNewPrimary(approver, { service, runId, reason: 'the new primary is fine' })
    await expect(commitToNewPrimary(approver, { service, runId, reason: 'again' })).rejects.toThrow('not open')
    const { window } = await getCommitWindow(viewer, service)
    expect(window).toMatchObject({ state: 'committed', reason: 'the new primary is fine' })
    expect(window?.can.commit.allowed).toBe(false)
    expect(await endCommitWindows(watching())).toBe(0)
  })

  it('ends by itself, once, however many workers look', async () => {
    await control.db.commitWindow.update({
      where: { runId },
      data: { state: 'open', endsAt: new Date(Date.now() - 1_000) },
    })
    expect((await getCommitWindow(approver, config.id)).window?.state).toBe('ended')
    await expect(commitToNewPrimary(approver, { service: config.id, runId, reason: 'late' })).rejects.toThrow(
      'not open',
    )
    const ended = await Promise.all([endCommitWindows(watching()), endCommitWindows(watching())])
    expect(ended.reduce((a, b) => a + b)).toBe(1)
    const trail = await control.db.auditEntry.findMany({ where: { runId, action: 'commit-window.end' } })
    expect(trail).toHaveLength(1)
  })
})
