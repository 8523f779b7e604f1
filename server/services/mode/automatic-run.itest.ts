import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { executeRun } from '@/server/executor/run'
import { reason, startTestModes, type TestModes } from '@/server/testing/modes'
import { harnessDeps } from '@/server/testing/plan-harness-parts'
import { World } from '@/server/testing/world/world'
import { decideRun } from '../runs/decide'
import { requestRun } from '../runs/request'
import { revokeStandingApproval } from './decide-standing-approval'
import { setKillSwitch } from './set-kill-switch'
import { supersedeDrafts } from './supersede-drafts'

let m: TestModes

beforeAll(async () => {
  m = await startTestModes(83)
})
afterAll(async () => m?.control.stop())

describe('an automatic run on its way', () => {
  it.each<[string, (service: string, id: string) => Promise<unknown>]>([
    ['the kill switch', (service) => setKillSwitch(m.operator, { service, on: true, reason })],
    ['a revocation', (service, id) => revokeStandingApproval(m.ann, { service, id, reason })],
  ])('is not begun after %s', async (_, change) => {
    const service = await m.lostService('automatic')
    const id = await m.approved(service)
    const runId = await m.started(service)
    await change(service, id)
    const world = new World()
    await executeRun(runId, harnessDeps(m.db, world, 'worker-a'))
    expect(await m.db.run.findUniqueOrThrow({ where: { id: runId } })).toMatchObject({ state: 'failed' })
    expect(world.effects).toEqual([])
  })

  /** Runs it, with something that happens right after one effect. */
  async function disturbed(effect: string, change: (service: string) => Promise<unknown>) {
    const service = await m.lostService('automatic')
    await m.approved(service)
    const runId = await m.started(service)
    const world = new World()
    let changing: Promise<unknown> = Promise.resolve()
    world.after = (name) => {
      if (name === effect) changing = change(service)
    }
    const afterWrite = async () => void (await changing)
    await executeRun(runId, harnessDeps(m.db, world, 'worker-a', { afterWrite }))
    return { run: await m.db.run.findUniqueOrThrow({ where: { id: runId } }), world }
  }

  it('is taken back when the kill switch is thrown before the point of no return', async () => {
    const { run, world } = await disturbed('power-off:host-us-east', (service) =>
      setKillSwitch(m.operator, { service, on: true, reason: 'it is not dead' }),
    )
    expect(run).toMatchObject({ state: 'compensated', stateReason: expect.stringContaining('it is not dead') })
    expect(world.effects).toEqual(['power-off:host-us-east', 'power-on:host-us-east'])
  })

  it('goes on to its end when the kill switch is thrown after it', async () => {
    const { run, world } = await disturbed('promote:db-us-west', (service) =>
      setKillSwitch(m.operator, { service, on: true, reason: 'too late' }),
    )
    expect(run.state).toBe('succeeded')
    expect(world.server('db-us-west').role).toBe('primary')
  })
})

describe('assisted mode', () => {
  it('drafts once, and one approval carries it out', async () => {
    const service = await m.lostService('assisted')
    const acted = await Promise.all(Array.from({ length: 6 }, () => m.act(service)))
    expect(acted.filter((each) => each.did === 'drafted')).toHaveLength(1)
    const [draft, ...more] = await m.runsOf(service)
    expect(more).toEqual([])
    expect(draft).toMatchObject({ state: 'awaiting_approval', requesterId: 'automatic' })
    const { id: runId, digest } = draft ?? { id: '', digest: '' }
    const decided = await decideRun(m.ann, { runId, decision: 'approve', digest, comment: 'go' })
    expect(decided.state).toBe('approved')
    await executeRun(runId, harnessDeps(m.db, new World(), 'worker-a'))
    expect(await m.db.run.findUniqueOrThrow({ where: { id: runId } })).toMatchObject({ state: 'succeeded' })
  })

  it('supersedes the draft when the outage is over or the configuration has moved on, and drafts anew when it comes back', async () => {
    const service = await m.lostService('assisted')
    await m.act(service)
    expect(await supersedeDrafts(m.worker, service)).toEqual([])
    await m.moveIncident(service, 'recovered')
    const both = await Promise.all([supersedeDrafts(m.worker, service), supersedeDrafts(m.worker, service)])
    expect(both.flat()).toHaveLength(1)
    await m.moveIncident(service, 'confirmed')
    expect((await m.act(service)).did).toBe('drafted')
    await m.db.service.update({ where: { id: service }, data: { configDigest: 'e'.repeat(64) } })
    expect(await supersedeDrafts(m.worker, service)).toHaveLength(1)
    expect((await m.runsOf(service)).map((each) => each.state)).toEqual(['superseded', 'superseded'])
  })

  it('leaves alone what a person asked for, and drafts nothing beside it', async () => {
    const service = await m.lostService('assisted')
    const { runId } = await requestRun(m.operator, { service, kind: 'failover', inputs: {}, reason })
    expect((await m.act(service)).did).toBe('held')
    await m.moveIncident(service, 'recovered')
    expect(await supersedeDrafts(m.worker, service)).toEqual([])
    expect(await m.db.run.findUniqueOrThrow({ where: { id: runId } })).toMatchObject({
      state: 'awaiting_approval',
    })
  })

  it('does not draft again what a person turned down', async () => {
    const service = await m.lostService('assisted')
    await m.act(service)
    const [draft] = await m.runsOf(service)
    const { id: runId, digest } = draft ?? { id: '', digest: '' }
    await decideRun(m.ann, { runId, decision: 'reject', digest, comment: 'a false alarm' })
    expect((await m.act(service)).did).toBe('held')
    expect(await m.runsOf(service)).toHaveLength(1)
  })
})
