import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { appendAudit } from '@/server/db/audit'
import { withTransaction } from '@/server/db/tx'
import { page, problem } from '@/server/queries/dto/common'
import { auditEntryView, auditVerification, meView } from '@/server/queries/dto/records'
import { runSummary, runView } from '@/server/queries/dto/run'
import { metricsView, serviceSummary, serviceView } from '@/server/queries/dto/service'
import { describeStep } from '@/server/steps/catalog'
import { startTestConsole, type TestConsole } from '@/server/testing/console'
import { type SeededRun, seedApprovedRun } from '@/server/testing/seed-run'

let lifeboat: TestConsole
let seeded: SeededRun

beforeAll(async () => {
  lifeboat = await startTestConsole(65)
  seeded = await seedApprovedRun(lifeboat.db, describeStep)
}, 60_000)
afterAll(() => lifeboat?.stop())

async function get<T>(path: string, schema: { parse(value: unknown): T }): Promise<T> {
  const response = await lifeboat.call({ path, as: 'admin' })
  expect(response.status, path).toBe(200)
  expect(response.headers.get('cache-control')).toContain('no-store')
  expect(response.headers.get('x-content-type-options')).toBe('nosniff')
  return schema.parse(await response.json())
}

describe('services', () => {
  it('shows a lost primary region as it is: down, who was the writer, and no lag pretended', async () => {
    const view = await get(`/api/v1/services/${seeded.serviceId}`, serviceView)
    expect(view.writer).toMatchObject({ serverId: 'db-us-east', region: 'us-east', primariesSeen: 0 })
    const [east, west] = view.regions
    expect(east).toMatchObject({ id: 'us-east', health: 'down' })
    expect(east?.servers[0]).toMatchObject({ role: 'primary', health: 'down' })
    expect(west).toMatchObject({ id: 'us-west', role: 'standby' })
    expect(view.replication.lagSeconds).toMatchObject({ value: null, health: 'unknown' })
    expect(view.activeRun).toMatchObject({ id: seeded.runId, state: 'approved' })
    expect(view.can.requestRun.allowed).toBe(false)
    expect(view.readiness.findings.map((finding) => finding.code)).toContain('run.already-active')
  })

  it('lists services with the same words', async () => {
    const list = await get('/api/v1/services', page(serviceSummary))
    const one = await get(`/api/v1/services/${seeded.serviceId}`, serviceView)
    expect(list.items.find((item) => item.id === seeded.serviceId)?.headline).toBe(one.headline)
  })

  it('draws series with gaps, at most 2,000 points', async () => {
    const now = Date.now()
    const sample = (agoSeconds: number, latencyMs: number, ok = true) => ({
      serviceId: seeded.serviceId,
      kind: 'public',
      subject: 'go.test',
      vantage: 'vantage-a',
      ok,
      latencyMs,
      observedAt: new Date(now - agoSeconds * 1000),
    })
    await lifeboat.db.probeSample.createMany({ data: [sample(30, 10), sample(29.5, 30), sample(10, 5, false)] })
    await lifeboat.db.walPosition.create({
      data: {
        serviceId: seeded.serviceId,
        serverId: 'db-us-west',
        role: 'standby',
        timeline: 1,
        lsn: '0/1',
        lagBytes: 2048n,
        lagMs: 1500,
        observedAt: new Date(now - 20_000),
      },
    })
    const from = new Date(now - 60_000).toISOString()
    const to = new Date(now).toISOString()
    const view = await get(`/api/v1/services/${seeded.serviceId}/metrics?from=${from}&to=${to}&step=5`, metricsView)
    const series = (name: string) => view.series.filter((each) => each.name === name)
    expect(view.stepMs).toBe(5000)
    expect(series('lag_seconds')[0]?.points.flatMap((point) => point.max ?? [])).toEqual([1.5])
    expect(series('lag_bytes')[0]).toMatchObject({ subject: 'db-us-west', unit: 'B' })
    const latency = series('probe_latency_ms')[0]
    expect(latency?.subject).toBe('go.test from vantage-a')
    expect(Math.max(...(latency?.points.flatMap((point) => point.max ?? []) ?? []))).toBe(30)
    const up = series('up')[0]?.points.flatMap((point) => point.avg ?? [])
    expect(up).toContain(0)
    expect(series('up')[0]?.points.some((point) => point.avg === null)).toBe(true)
    const week = new Date(now - 7 * 86_400_000).toISOString()
    const wide = await get(
      `/api/v1/services/${seeded.serviceId}/metrics?from=${week}&to=${to}&step=1&names=up`,
      metricsView,
    )
    expect(wide.series[0]?.points.length).toBeLessThanOrEqual(2000)
  })
})

describe('runs', () => {
  it('shows a run with its plan, its steps and why each button is off', async () => {
    const view = await get(`/api/v1/runs/${seeded.runId}`, runView)
    expect(view).toMatchObject({ state: 'approved', digest: seeded.digest, approvals: { given: 1, required: 1 } })
    expect(view.plan.steps).toHaveLength(seeded.plan.steps.length)
    expect(view.approvalList[0]).toMatchObject({ approver: 'approver@test', decision: 'approve', stillHolds: true })
    expect(view.pointOfNoReturnPassed).toBe(false)
    expect(view.currentStepKey).toBe(seeded.plan.steps[0]?.key)
    expect(view.can.abort.allowed).toBe(true)
    expect(view.can.pause).toMatchObject({ allowed: false, reason: expect.stringMatching(/not running/) })
    expect(view.eligibleApprovers.map((person) => person.email)).toContain('approver@lifeboat.test')
    expect(view.eligibleApprovers.map((person) => person.email)).not.toContain('operator@test')
  })

  it('says when an approver has lost the right since', async () => {
    const approval = await lifeboat.db.approval.findFirstOrThrow({ where: { runId: seeded.runId } })
    await lifeboat.db.user.update({ where: { id: approval.userId }, data: { disabledAt: new Date() } })
    const view = await get(`/api/v1/runs/${seeded.runId}`, runView)
    expect(view.approvalList[0]?.stillHolds).toBe(false)
    await lifeboat.db.user.update({ where: { id: approval.userId }, data: { disabledAt: null } })
  })

  it('pages through all of them once, newest first', async () => {
    const base = await lifeboat.db.run.findUniqueOrThrow({ where: { id: seeded.runId } })
    const { measured: _, requestBy: __, ...rest } = base
    const requester = { type: 'user', id: base.requesterId, email: 'operator@test', via: 'session' }
    const at = new Date(base.requestedAt.getTime() - 1000)
    // Three at the same instant: the cursor must not lose or repeat any.
    for (const id of ['a', 'b', 'c']) {
      await lifeboat.db.run.create({ data: { ...rest, id, requester, state: 'rejected', requestedAt: at } })
    }
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const query: string = cursor ? `&cursor=${cursor}` : ''
      const found = await get(`/api/v1/runs?limit=2${query}`, page(runSummary))
      seen.push(...found.items.map((run) => run.id))
      cursor = found.nextCursor
    } while (cursor)
    expect(seen).toEqual([seeded.runId, 'c', 'b', 'a'])
    const rejected = await get('/api/v1/runs?state=rejected,expired', page(runSummary))
    expect(rejected.items).toHaveLength(3)
    const waiting = await get('/api/v1/runs?waitingForMe=true', page(runSummary))
    expect(waiting.items).toEqual([])
  })

  it('does not tell a run of another service from one that does not exist', async () => {
    const stranger = lifeboat.people.stranger.id
    await lifeboat.db.grant.create({ data: { userId: stranger, service: 'another', role: 'viewer' } })
    const hidden = await lifeboat.call({ path: `/api/v1/runs/${seeded.runId}`, as: 'stranger' })
    const missing = await lifeboat.call({ path: '/api/v1/runs/nothing', as: 'stranger' })
    expect([hidden.status, missing.status]).toEqual([404, 404])
    const [a, b] = [problem.parse(await hidden.json()), problem.parse(await missing.json())]
    expect(a.detail).toBe(b.detail)
    const list = await lifeboat.call({ path: '/api/v1/runs', as: 'stranger' })
    expect(await list.json()).toEqual({ items: [], nextCursor: null })
    await lifeboat.db.grant.deleteMany({ where: { userId: stranger } })
  })
})

describe('me', () => {
  it('tells who asks and what they may do', async () => {
    const me = await get('/api/v1/me', meView)
    expect(me).toMatchObject({ email: 'admin@lifeboat.test', grants: [{ role: 'admin', service: '*' }] })
    expect(me.rights).toContain('run.approve')
  })
})

describe('audit', () => {
  it('filters, pages, exports, and verifies the chain', async () => {
    for (const action of ['test.one', 'test.two', 'test.one']) {
      await withTransaction(lifeboat.db, (tx) =>
        appendAudit(tx, {
          at: new Date(),
          actor: { type: 'worker', id: 'worker-a', vantage: 'vantage-a' },
          action,
          subject: 'test',
          serviceId: seeded.serviceId,
          runId: null,
          outcome: 'ok',
          data: { n: 1 },
        }),
      )
    }
    const ones = await get('/api/v1/audit?action=test.one&actor=worker-a', page(auditEntryView))
    expect(ones.items.map((entry) => entry.action)).toEqual(['test.one', 'test.one'])
    const first = await get('/api/v1/audit?limit=1', page(auditEntryView))
    const second = await get(`/api/v1/audit?limit=1&cursor=${first.nextCursor}`, page(auditEntryView))
    expect(second.items[0]?.seq).toBe((first.items[0]?.seq ?? 0) - 1)
    const exported = await lifeboat.call({ path: '/api/v1/audit?format=ndjson&actor=worker-a', as: 'auditor' })
    const lines = (await exported.text()).trim().split('\n')
    expect(lines.map((line) => auditEntryView.parse(JSON.parse(line)).action)).toEqual([
      'test.one',
      'test.two',
      'test.one',
    ])
    const verdict = await get('/api/v1/audit/verification', auditVerification)
    expect(verdict).toMatchObject({ ok: true, brokenAt: null })
    expect(verdict.entries).toBeGreaterThanOrEqual(3)
  })

  it('says where the chain is broken once one entry was changed behind its back', async () => {
    const entry = await lifeboat.db.auditEntry.findFirstOrThrow({ where: { action: 'test.two' } })
    await lifeboat.db.$transaction([
      lifeboat.db.$executeRaw`ALTER TABLE audit_entry DISABLE TRIGGER USER`,
      lifeboat.db.$executeRaw`UPDATE audit_entry SET data = '{"n": 2}' WHERE seq = ${entry.seq}`,
    ])
    const verdict = await get('/api/v1/audit/verification', auditVerification)
    expect(verdict).toMatchObject({ ok: false, brokenAt: Number(entry.seq) })
    await lifeboat.db.$transaction([
      lifeboat.db.$executeRaw`UPDATE audit_entry SET data = '{"n": 1}' WHERE seq = ${entry.seq}`,
      lifeboat.db.$executeRaw`ALTER TABLE audit_entry ENABLE TRIGGER USER`,
    ])
    expect(await get('/api/v1/audit/verification', auditVerification)).toMatchObject({ ok: true })
  })
})
