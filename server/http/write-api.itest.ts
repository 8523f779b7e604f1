import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { problem } from '@/server/queries/dto/common'
import { auditEntryView, incidentView } from '@/server/queries/dto/records'
import { planPreview, runView } from '@/server/queries/dto/run'
import { describeStep } from '@/server/steps/catalog'
import { type Call, type PersonName, startTestConsole, type TestConsole } from '@/server/testing/console'
import { type SeededRun, seedApprovedRun } from '@/server/testing/seed-run'

let lifeboat: TestConsole
let seeded: SeededRun

beforeAll(async () => {
  lifeboat = await startTestConsole(65)
  seeded = await seedApprovedRun(lifeboat.db, describeStep)
}, 60_000)
afterAll(() => lifeboat?.stop())
// The service is free again before each test.
beforeEach(() => lifeboat.db.run.updateMany({ data: { state: 'superseded', request: null } }))

const post = (path: string, as: PersonName, json: unknown, headers?: Record<string, string>) =>
  lifeboat.call({ method: 'POST', path, as, json, headers })
const body = { kind: 'failover', inputs: {}, reason: 'us-east is gone' }
const runs = () => `/api/v1/services/${seeded.serviceId}/runs`

async function requested(as: PersonName = 'operator') {
  const response = await post(runs(), as, body)
  const text = await response.text()
  expect(response.status, text).toBe(201)
  return runView.parse(JSON.parse(text))
}

async function refused(status: number, code: string, call: Call) {
  const response = await lifeboat.call({ method: 'POST', ...call })
  const found = problem.parse(await response.json())
  expect(found).toMatchObject({ status, code })
  return found
}

describe('from request to approval', () => {
  it('previews, opens, refuses who may not, and takes the approver’s yes to exactly this plan', async () => {
    const preview = await post(`/api/v1/services/${seeded.serviceId}/plans`, 'viewer', { kind: 'failover', inputs: {} })
    expect(planPreview.parse(await preview.json()).runnable).toBe(true)
    const run = await requested()
    expect(run).toMatchObject({ state: 'awaiting_approval', requester: 'operator@lifeboat.test' })
    expect(run.can.approve.allowed).toBe(false)
    const path = `/api/v1/runs/${run.id}/approvals`
    const yes = { decision: 'approve', digest: run.digest, comment: 'seen' }
    await refused(403, 'forbidden', { path, as: 'operator', json: yes })
    await refused(409, 'stale-digest', { path, as: 'approver', json: { ...yes, digest: 'a'.repeat(64) } })
    await refused(400, 'invalid', { path, as: 'approver', json: { ...yes, digest: 'abc' } })
    const waiting = await lifeboat.call({ path: '/api/v1/runs?waitingForMe=true', as: 'approver' })
    expect((await waiting.json()).items.map((each: { id: string }) => each.id)).toEqual([run.id])
    const approved = await post(path, 'approver', yes)
    expect(runView.parse(await approved.json())).toMatchObject({ state: 'approved', approvals: { given: 1 } })
    await refused(409, 'wrong-state', { path, as: 'approver2', json: yes })
    const trail = await lifeboat.call({ path: `/api/v1/audit?run=${run.id}`, as: 'auditor' })
    const entries = (await trail.json()).items.map((each: unknown) => auditEntryView.parse(each))
    expect(
      entries.map((entry: { action: string; outcome: string }) => [entry.action, entry.outcome]).reverse(),
    ).toEqual([
      ['run.request', 'ok'],
      ['run.approve', 'deny'],
      ['run.approve', 'deny'],
      ['run.approve', 'ok'],
      ['run.approve', 'deny'],
    ])
  })

  it('lets nobody approve their own request, whatever their role', async () => {
    const run = await requested('admin')
    const json = { decision: 'approve', digest: run.digest }
    await refused(403, 'own-request', { path: `/api/v1/runs/${run.id}/approvals`, as: 'admin', json })
  })

  it('refuses controls in the wrong state, and takes a request back', async () => {
    const run = await requested()
    const json = { reason: 'not needed' }
    for (const verb of ['pause', 'resume', 'retry', 'skip']) {
      await refused(
        verb === 'pause' || verb === 'resume' ? 409 : 404,
        verb === 'pause' || verb === 'resume' ? 'wrong-state' : 'not-found',
        {
          path: `/api/v1/runs/${run.id}/${verb}`,
          as: 'operator',
          json,
        },
      )
    }
    await refused(400, 'invalid', { path: `/api/v1/runs/${run.id}/abort`, as: 'operator', json: { reason: '' } })
    const aborted = await post(`/api/v1/runs/${run.id}/abort`, 'operator', json)
    expect(runView.parse(await aborted.json())).toMatchObject({ state: 'aborted' })
    await refused(409, 'wrong-state', { path: `/api/v1/runs/${run.id}/abort`, as: 'operator', json })
  })

  it('acknowledges an incident once', async () => {
    const id = randomUUID()
    await lifeboat.db.incident.create({
      data: {
        id,
        serviceId: seeded.serviceId,
        region: 'us-east',
        kind: 'outage',
        title: 'US East does not answer',
        severity: 'critical',
        state: 'confirmed',
        openedAt: new Date(),
        probeIntervalMs: 1000,
      },
    })
    const path = `/api/v1/incidents/${id}/acknowledge`
    const first = incidentView.parse(await (await lifeboat.call({ method: 'POST', path, as: 'operator' })).json())
    const second = incidentView.parse(await (await post(path, 'approver', {})).json())
    expect(first.acknowledgedAt).not.toBeNull()
    expect(second.acknowledgedAt).toBe(first.acknowledgedAt)
    const list = await lifeboat.call({ path: `/api/v1/services/${seeded.serviceId}/incidents`, as: 'viewer' })
    expect((await list.json()).items.map((each: unknown) => incidentView.parse(each).id)).toEqual([id])
  })
})

describe('Idempotency-Key', () => {
  const keyed = (key: string, json: unknown = body, as: PersonName = 'operator') =>
    post(runs(), as, json, { 'idempotency-key': key })

  it('answers a repeat with the first answer and does nothing', async () => {
    const key = randomUUID()
    const before = await lifeboat.db.run.count()
    const first = await keyed(key)
    const again = await keyed(key, { reason: body.reason, inputs: {}, kind: 'failover' })
    expect([first.status, again.status]).toEqual([201, 201])
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect(await again.json()).toEqual(await first.json())
    expect(await lifeboat.db.run.count()).toBe(before + 1)
  })

  it('does it once when two arrive together', async () => {
    const key = randomUUID()
    const before = await lifeboat.db.run.count()
    const both = await Promise.all([keyed(key), keyed(key)])
    expect(both.map((each) => each.status).sort()).toEqual(expect.arrayContaining([201]))
    for (const each of both) expect([201, 409]).toContain(each.status)
    expect(await lifeboat.db.run.count()).toBe(before + 1)
  })

  it('refuses the key of another request', async () => {
    const key = randomUUID()
    await keyed(key)
    const other = await keyed(key, { ...body, reason: 'something else' })
    expect(other.status).toBe(422)
    expect(problem.parse(await other.json()).code).toBe('idempotency-key-reused')
    // Another person's key is another key.
    expect((await keyed(key, body, 'admin')).status).toBe(201)
  })

  it('can be used again after a refusal, since nothing was done', async () => {
    const key = randomUUID()
    const bad = await keyed(key, { ...body, kind: 'drill' })
    expect(bad.status).toBe(422)
    expect((await keyed(key)).status).toBe(201)
  })

  it('never repeats what may have happened', async () => {
    const key = randomUUID()
    const run = await requested()
    const path = `/api/v1/runs/${run.id}/abort`
    const send = () => post(path, 'operator', { reason: 'not needed' }, { 'idempotency-key': key })
    // The verb commits, and reading the run for the answer fails.
    await lifeboat.db
      .$executeRaw`UPDATE service SET config = jsonb_set(config, '{id}', '7') WHERE id = ${seeded.serviceId}`
    expect((await send()).status).toBe(500)
    await lifeboat.db
      .$executeRaw`UPDATE service SET config = jsonb_set(config, '{id}', to_jsonb(id)) WHERE id = ${seeded.serviceId}`
    const again = await send()
    expect(again.status).toBe(409)
    expect(problem.parse(await again.json()).notDone).toBe('It was not done a second time.')
  })

  it('has to be a key', async () => {
    for (const key of ['x'.repeat(201), 'with space']) expect((await keyed(key)).status).toBe(400)
  })
})
