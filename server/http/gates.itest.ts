import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { problem } from '@/server/queries/dto/common'
import { describeStep } from '@/server/steps/catalog'
import { type PersonName, startTestConsole, type TestConsole } from '@/server/testing/console'
import { type SeededRun, seedApprovedRun } from '@/server/testing/seed-run'
import type { Operation } from './operation'
import { operations } from './registry'

let lifeboat: TestConsole
let seeded: SeededRun

beforeAll(async () => {
  lifeboat = await startTestConsole(65)
  seeded = await seedApprovedRun(lifeboat.db, describeStep)
}, 60_000)
afterAll(() => lifeboat?.stop())

const guarded = operations.filter((operation) => operation.right !== 'public')
const pathOf = (operation: Operation) =>
  operation.path.replace('{service}', seeded.serviceId).replace('{id}', seeded.runId)

async function ask(operation: Operation, as: PersonName | undefined, headers: Record<string, string> = {}) {
  const abort = new AbortController()
  const post = operation.method === 'POST' ? { json: {} } : {}
  const path = pathOf(operation)
  const response = await lifeboat.call({ method: operation.method, path, as, headers, signal: abort.signal, ...post })
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true
  const text = isStream ? '' : await response.text()
  abort.abort()
  return { response, text }
}

describe('without a session', () => {
  it.each(guarded.map((operation) => [operation.id, operation] as const))(
    '%s is refused and tells nothing',
    async (_, operation) => {
      const before = await lifeboat.db.auditEntry.count()
      const attempts: Record<string, string>[] = [
        {},
        { authorization: 'Bearer nonsense' },
        { authorization: `Bearer lbt_${'A'.repeat(43)}` },
        { cookie: 'lifeboat.session_token=forged.signature' },
      ]
      for (const headers of attempts) {
        const { response, text } = await ask(operation, undefined, headers)
        expect(response.status).toBe(401)
        expect(response.headers.get('www-authenticate')).toContain('Bearer')
        const found = problem.parse(JSON.parse(text))
        expect(found.code).toBe('unauthenticated')
        for (const secret of [seeded.serviceId, 'URL shortener', 'db-us-east', 'operator@test']) {
          expect(text.replace(found.instance ?? '', '')).not.toContain(secret)
        }
      }
      expect(await lifeboat.db.auditEntry.count()).toBe(before)
    },
  )
})

const everybody: PersonName[] = ['viewer', 'operator', 'approver', 'approver2', 'auditor', 'admin']
const readers = everybody
const auditReaders: PersonName[] = ['operator', 'approver', 'approver2', 'auditor', 'admin']
const requesters: PersonName[] = ['operator', 'admin']
const deciders: PersonName[] = ['approver', 'approver2', 'admin']
/** Who may take power away from automatic mode: more people than may give it back. */
const stoppers: PersonName[] = ['operator', 'approver', 'approver2', 'admin']

/** Who may do what, written down a second time on purpose. */
const allowed: Record<string, PersonName[]> = {
  getMe: [...everybody, 'stranger'],
  listServices: readers,
  getService: readers,
  getServiceMetrics: readers,
  getServiceSeries: readers,
  getServiceAnnotations: readers,
  listAnomalies: readers,
  previewPlan: readers,
  requestRun: requesters,
  listIncidents: readers,
  getIncident: readers,
  acknowledgeIncident: ['operator', 'approver', 'approver2', 'admin'],
  listRuns: readers,
  getRun: readers,
  decideRun: deciders,
  abortRun: requesters,
  pauseRun: requesters,
  resumeRun: requesters,
  retryRun: requesters,
  skipRun: requesters,
  listBreakGlass: readers,
  getRunReview: readers,
  reviewRun: ['approver', 'approver2', 'auditor', 'admin'],
  getCommitWindow: readers,
  commitToNewPrimary: ['operator', 'approver', 'approver2', 'admin'],
  getSecondFactor: [...everybody, 'stranger'],
  beginSecondFactor: [...everybody, 'stranger'],
  confirmSecondFactor: [...everybody, 'stranger'],
  removeSecondFactor: [...everybody, 'stranger'],
  listDivergences: readers,
  getDivergence: readers,
  listStrandedRows: requesters,
  decideDivergence: requesters,
  getReadiness: readers,
  listSignals: readers,
  listThresholds: readers,
  changeThreshold: ['admin'],
  resetThreshold: ['admin'],
  listAlerts: readers,
  getAlert: readers,
  acknowledgeAlert: stoppers,
  createAlertSilence: stoppers,
  endAlertSilence: stoppers,
  getMode: readers,
  setKillSwitch: stoppers,
  acknowledgeAutomaticFailover: stoppers,
  requestStandingApproval: requesters,
  voteOnStandingApproval: deciders,
  revokeStandingApproval: stoppers,
  announceMaintenance: stoppers,
  cancelMaintenance: deciders,
  listAudit: auditReaders,
  verifyAudit: auditReaders,
  streamEvents: readers,
}

describe('each role × each operation', () => {
  it('covers every guarded operation', () => {
    expect(Object.keys(allowed).sort()).toEqual(guarded.map((operation) => operation.id).sort())
  })

  it.each(guarded.map((operation) => [operation.id, operation] as const))('%s', async (id, operation) => {
    for (const person of [...everybody, 'stranger'] as const) {
      const { response, text } = await ask(operation, person)
      if (allowed[id]?.includes(person)) {
        expect([401, 403, 500], `${person}: ${text}`).not.toContain(response.status)
        continue
      }
      expect(response.status, `${person}: ${text}`).toBe(403)
      expect(problem.parse(JSON.parse(text)).code).toBe('forbidden')
      const last = await lifeboat.db.auditEntry.findFirstOrThrow({ orderBy: { seq: 'desc' } })
      expect(last).toMatchObject({
        outcome: 'deny',
        action: operation.action,
        actor: { email: `${person}@lifeboat.test` },
      })
    }
  })
})

describe('API tokens', () => {
  const me = (token: string) => lifeboat.call({ path: '/api/v1/me', headers: { authorization: `Bearer ${token}` } })
  const change = (data: object) =>
    lifeboat.db.apiToken.updateMany({ where: { userId: lifeboat.people.admin.id }, data })

  it('end when they expire, are revoked, or their owner is disabled, and never fall back to a cookie', async () => {
    const { token, id } = lifeboat.people.admin
    expect((await me(token)).status).toBe(200)
    await change({ expiresAt: new Date(Date.now() - 1) })
    expect((await me(token)).status).toBe(401)
    await change({ expiresAt: new Date(Date.now() + 60_000), revokedAt: new Date() })
    expect((await me(token)).status).toBe(401)
    await change({ revokedAt: null })
    await lifeboat.db.user.update({ where: { id }, data: { disabledAt: new Date() } })
    expect((await me(token)).status).toBe(401)
    await lifeboat.db.user.update({ where: { id }, data: { disabledAt: null } })
    expect((await me(token)).status).toBe(200)
  })

  it('may do less than their owner, and nothing more', async () => {
    await change({ rights: ['run.read'] })
    const status = async (path: string) => (await lifeboat.call({ path, as: 'admin' })).status
    expect(await status('/api/v1/runs')).toBe(200)
    expect(await status('/api/v1/services')).toBe(403)
    expect(await status('/api/v1/audit')).toBe(403)
    const rights = (await (await lifeboat.call({ path: '/api/v1/me', as: 'admin' })).json()).rights
    expect(rights).toEqual(['run.read'])
    await change({ rights: [] })
  })

  it('are kept as a hash only', async () => {
    const rows = await lifeboat.db.$queryRaw<
      { row: string }[]
    >`SELECT row_to_json(api_token)::text AS row FROM api_token`
    expect(rows.length).toBeGreaterThan(0)
    for (const { row } of rows) {
      for (const person of Object.values(lifeboat.people)) expect(row).not.toContain(person.token)
    }
  })
})

describe('malformed requests', () => {
  const send = async (status: number, code: string, call: Parameters<TestConsole['call']>[0]) => {
    const response = await lifeboat.call({ as: 'admin', ...call })
    const found = problem.parse(await response.json())
    expect(found).toMatchObject({ status, code })
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(found.notDone).not.toBe('')
    expect(found.nextStep).not.toBe('')
    return found
  }
  const runs = () => `/api/v1/services/${seeded.serviceId}/runs`
  const good = { kind: 'failover', inputs: {}, reason: 'us-east is gone' }
  const jsonType = { 'content-type': 'application/json' }

  it('says what is wrong with a body, field by field', async () => {
    await send(400, 'malformed', { method: 'POST', path: runs(), raw: '{"kind":', headers: jsonType })
    await send(400, 'malformed', { method: 'POST', path: runs(), raw: '{"reason":"a\\u0000b"}', headers: jsonType })
    await send(415, 'unsupported-media', {
      method: 'POST',
      path: runs(),
      raw: 'kind=failover',
      headers: { 'content-type': 'text/plain' },
    })
    await send(415, 'unsupported-media', { method: 'POST', path: runs(), raw: new Blob(['{}']) })
    const unknown = await send(400, 'invalid', { method: 'POST', path: runs(), json: { ...good, force: true } })
    expect(JSON.stringify(unknown.errors)).toContain('force')
    const missing = await send(400, 'invalid', { method: 'POST', path: runs(), json: { kind: 'failover' } })
    expect(missing.errors?.map((error) => error.path)).toEqual(['body.reason'])
    await send(400, 'invalid', { method: 'POST', path: runs(), json: { ...good, kind: 'delete-everything' } })
    await send(400, 'invalid', { method: 'POST', path: runs(), json: { ...good, inputs: { assume: 'primary-lost' } } })
    await send(400, 'invalid', { method: 'POST', path: runs() })
    expect(await lifeboat.db.run.count()).toBe(1)
  })

  it('reads no more than 64 KiB, whatever length is declared', async () => {
    const big = JSON.stringify({ ...good, reason: 'x'.repeat(70_000) })
    await send(413, 'too-large', { method: 'POST', path: runs(), raw: big, headers: jsonType })
    let pulled = 0
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1
        controller.enqueue(new Uint8Array(16_384).fill(32))
      },
    })
    await send(413, 'too-large', { method: 'POST', path: runs(), raw: endless, headers: jsonType })
    expect(pulled).toBeLessThan(10)
  })

  it('knows no service, run, incident, field of a query or cursor that is not there', async () => {
    await send(404, 'not-found', { path: '/api/v1/services/nothing' })
    await send(404, 'not-found', { path: '/api/v1/services/nothing/metrics' })
    await send(404, 'not-found', { method: 'POST', path: '/api/v1/services/nothing/runs', json: good })
    await send(404, 'not-found', { method: 'POST', path: '/api/v1/services/nothing/plans', json: good })
    await send(404, 'not-found', { path: '/api/v1/runs/nothing' })
    await send(404, 'not-found', { path: '/api/v1/incidents/nothing' })
    await send(400, 'invalid', { path: '/api/v1/runs/a%27%20OR%201=1' })
    await send(400, 'invalid', { path: '/api/v1/runs?colour=blue' })
    await send(400, 'invalid', { path: '/api/v1/runs?state=sleeping' })
    await send(400, 'invalid', { path: '/api/v1/runs?limit=100000' })
    await send(400, 'invalid', { path: '/api/v1/runs?cursor=!!!' })
    await send(400, 'invalid', { path: '/api/v1/audit?cursor=abc' })
    await send(400, 'invalid', { path: '/api/v1/audit?actor=%00' })
    await send(400, 'invalid', { path: `/api/v1/services/${seeded.serviceId}/metrics?from=yesterday` })
    const wide = 'from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z'
    await send(400, 'invalid', { path: `/api/v1/services/${seeded.serviceId}/metrics?${wide}` })
    await send(404, 'not-found', { path: '/api/v2/everything' })
    await send(404, 'not-found', { method: 'POST', path: '/api/v1/unknown', json: {} })
    await send(405, 'method-not-allowed', { method: 'DELETE', path: `/api/v1/runs/${seeded.runId}` })
  })

  it('tells nothing but a reference when something unforeseen goes wrong', async () => {
    await lifeboat.db.$executeRaw`UPDATE service SET config = '{"secret": "hunter2"}' WHERE id = ${seeded.serviceId}`
    const found = await send(500, 'unexpected', { path: `/api/v1/services/${seeded.serviceId}` })
    expect(JSON.stringify(found)).not.toMatch(/hunter2|Zod|prisma|stack/i)
    expect(found.reference).toMatch(/^[0-9a-f-]{36}$/)
  })
})
