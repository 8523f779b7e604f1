import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AgentRequest } from '@/server/domain/agent-protocol'
import type { HostAgent } from '@/server/ports/managed'
import { recordObservations, type WalSighting } from '@/server/services/observations/record'
import { listWatchedServices } from '@/server/services/observations/watched-services'
import { describeStep } from '@/server/steps/catalog'
import { startTestDatabase, type TestPostgres } from '@/server/testing/postgres'
import { seedApprovedRun } from '@/server/testing/seed-run'
import { agentSeen, movedClock, probeSeen, testWorker } from '@/server/testing/watched'
import { closeMeasuredIncidents } from './close-measured'
import { measureFinishedRun } from './measure'
import { findUnmeasuredRuns } from './unmeasured-runs'

// Later than what the seeded run was seen with, which is of today.
const start = Date.now() + 86_400_000
const clock = movedClock(start)
const at = (seconds: number) => new Date(start + seconds * 1000)
let server: TestPostgres
let a: ReturnType<typeof testWorker>
let b: ReturnType<typeof testWorker>

beforeAll(async () => {
  server = await startTestDatabase(67)
  a = testWorker(server.url, 'vantage-a', clock)
  b = testWorker(server.url, 'vantage-b', clock)
})
afterAll(async () => {
  await a?.close()
  await b?.close()
  await server?.stop()
})

/** A failover that has just succeeded: good until 10, promoted at 60, good through DNS from 63 on; the old primary was last seen at 9.5. */
async function finishedFailover() {
  const { runId, serviceId } = await seedApprovedRun(a.db, describeStep)
  const service = (await listWatchedServices(a)).services.find((each) => each.id === serviceId)
  if (!service) throw new Error('the service is not there')
  const incidentId = `inc-${runId}`
  await a.db.incident.create({
    data: {
      id: incidentId,
      serviceId,
      kind: 'outage',
      title: 'US East does not answer',
      severity: 'critical',
      state: 'recovered',
      region: 'us-east',
      lastGoodAt: at(10),
      openedAt: at(11),
      confirmedAt: at(12),
      acknowledgedAt: at(20),
      recoveredAt: at(63),
      probeIntervalMs: 1000,
    },
  })
  const run = {
    incidentId,
    state: 'succeeded',
    requestedAt: at(30),
    approvedAt: at(50),
    startedAt: at(50),
    endedAt: at(65),
  }
  await a.db.run.update({ where: { id: runId }, data: run })
  const output = { timeline: 2, forkLsn: '0/3000100', promotedAt: at(60).toISOString(), already: false }
  await a.db.runStep.updateMany({
    where: { runId, stepId: 'postgres.promote-candidate' },
    data: { state: 'succeeded', output },
  })
  const positions: WalSighting[] = [
    position(serviceId, 'db-us-east', 'primary', '0/3000148', 9.5, 9),
    position(serviceId, 'db-us-west', 'standby', '0/3000100', 59, 8),
  ]
  await recordObservations(a, { observations: [], positions })
  return { runId, serviceId, service, incidentId }
}

function position(
  service: string,
  serverId: string,
  role: 'primary' | 'standby',
  lsn: string,
  seconds: number,
  heartbeat: number,
): WalSighting {
  const heartbeatAt = at(heartbeat).toISOString()
  return {
    service,
    serverId,
    role,
    timeline: 1,
    lsn,
    heartbeatAt,
    lagBytes: null,
    lagMs: null,
    observedAt: at(seconds).toISOString(),
  }
}

async function publicLooks(
  service: Awaited<ReturnType<typeof finishedFailover>>['service'],
  looks: [seconds: number, vantage: string, ok: boolean, address: string][],
) {
  const observations = looks.map(([seconds, vantage, ok, address]) =>
    probeSeen(service, 'public', vantage, ok, at(seconds).toISOString(), { address }),
  )
  await recordObservations(a, { observations, positions: [] })
}

const east = '127.1.1.10'
const west = '127.1.2.10'

async function unmeasured(serviceId: string) {
  const [run] = await findUnmeasuredRuns(a, serviceId)
  if (!run) throw new Error('there is no run to measure')
  return run
}

function agentOf(divergences: AgentRequest<'divergence'>[]): HostAgent {
  const result = {
    endLsn: '0/3000148',
    bytes: 72,
    transactions: 2,
    lastCommitAt: at(9.8).toISOString(),
    tables: [{ table: 'public.links', inserted: 2, updated: 1, deleted: 0 }],
    complete: true,
  }
  const call = async (operation: string, request: object): Promise<unknown> => {
    if (operation !== 'divergence') throw new Error(`${operation} was not expected`)
    if ('forkLsn' in request && 'forkTimeline' in request) divergences.push(request as AgentRequest<'divergence'>)
    return result
  }
  return { serverId: 'db-us-east', call: call as HostAgent['call'] }
}

describe('measureFinishedRun', () => {
  it('waits for two good looks in a row from the new region, then measures time and the bounded loss, once', async () => {
    const { service, serviceId, runId, incidentId } = await finishedFailover()
    clock.move(70_000)
    await publicLooks(service, [
      [10, 'vantage-a', true, east],
      [11, 'vantage-b', false, east],
      [61, 'vantage-a', true, west],
      [62, 'vantage-a', false, west],
      [62.5, 'vantage-b', true, east],
      [63, 'vantage-a', true, west],
    ])
    const run = await unmeasured(serviceId)
    expect(await measureFinishedRun(a, service, run, null)).toBeNull()
    await publicLooks(service, [[64, 'vantage-a', true, west]])

    const both = await Promise.all([
      measureFinishedRun(a, service, run, null),
      measureFinishedRun(b, service, run, null),
    ])
    expect(both.filter((each) => each !== null)).toHaveLength(1)
    const stored = await a.db.run.findUniqueOrThrow({ where: { id: runId } })
    expect(stored.measured).toMatchObject({
      rtoSeconds: 53,
      rtoUncertaintySeconds: 1,
      firstGoodAt: at(63).toISOString(),
      rpo: { certainty: 'bounded', bytes: 72, seconds: 2.5, rows: null },
    })
    const incident = await a.db.incident.findUniqueOrThrow({ where: { id: incidentId } })
    expect(incident.measured).toEqual(stored.measured)
    expect(await measureFinishedRun(a, service, await unmeasured(serviceId), null)).toBeNull()

    await closeMeasuredIncidents(a, serviceId)
    expect((await a.db.incident.findUniqueOrThrow({ where: { id: incidentId } })).state).toBe('closed')
  })

  it('becomes exact once the old primary answers as a standby, with the rows, and keeps the earlier figure', async () => {
    const { service, serviceId, runId } = await finishedFailover()
    clock.move(10_000)
    await publicLooks(service, [
      [63, 'vantage-a', true, west],
      [64, 'vantage-a', true, west],
    ])
    await measureFinishedRun(a, service, await unmeasured(serviceId), null)
    const asked: AgentRequest<'divergence'>[] = []
    const asking = { agent: agentOf(asked) }
    expect(await measureFinishedRun(a, service, await unmeasured(serviceId), asking)).toBeNull()
    expect(asked).toEqual([])

    const fenced = agentSeen(service, 'db-us-east', 'vantage-a', clock.at(), {
      role: 'standby',
      systemIdentifier: '7001',
    })
    await recordObservations(a, { observations: [fenced], positions: [] })
    const measured = await measureFinishedRun(a, service, await unmeasured(serviceId), asking)
    expect(asked).toEqual([{ forkLsn: '0/3000100', forkTimeline: 1 }])
    expect(measured?.rpo).toMatchObject({
      certainty: 'exact',
      bytes: 72,
      rows: 3,
      seconds: 1.8,
      earlier: { certainty: 'bounded', bytes: 72 },
    })
    expect((await findUnmeasuredRuns(a, serviceId)).map((each) => each.id)).not.toContain(runId)
  })

  it('never asks a server that is primary, or another server than the plan’s', async () => {
    const { service, serviceId } = await finishedFailover()
    await publicLooks(service, [
      [63, 'vantage-a', true, west],
      [64, 'vantage-a', true, west],
    ])
    await measureFinishedRun(a, service, await unmeasured(serviceId), null)
    const asked: AgentRequest<'divergence'>[] = []
    for (const over of [{ role: 'primary' as const }, { role: 'standby' as const, systemIdentifier: '9999' }]) {
      clock.move(1000)
      const seen = agentSeen(service, 'db-us-east', 'vantage-a', clock.at(), over)
      await recordObservations(a, { observations: [seen], positions: [] })
      expect(await measureFinishedRun(a, service, await unmeasured(serviceId), { agent: agentOf(asked) })).toBeNull()
    }
    expect(asked).toEqual([])
  })
})
