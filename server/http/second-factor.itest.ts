import { randomUUID } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { digestOf, toJson } from '@/server/domain/json'
import { serviceConfig } from '@/server/domain/service-config'
import { describeStep } from '@/server/steps/catalog'
import { type PersonName, startTestConsole, type TestConsole } from '@/server/testing/console'
import { seedApprovedRun } from '@/server/testing/seed-run'

let lifeboat: TestConsole
let service: string
let address = 0
const header = 'lifeboat-second-factor'
const rule = 'fencing.not-provable'
const reason = 'us-east is gone, agent and platform with it; the business decided to go on'

beforeAll(async () => {
  lifeboat = await startTestConsole(88)
  service = await unfencedService()
}, 60_000)
afterAll(() => lifeboat?.stop())
beforeEach(() => {
  address += 1
})

/** A lost primary that nothing can prove fenced, and no run at work. */
async function unfencedService(): Promise<string> {
  const { serviceId } = await seedApprovedRun(lifeboat.db, describeStep)
  await lifeboat.db.run.updateMany({ where: { serviceId }, data: { state: 'rejected' } })
  const row = await lifeboat.db.service.findUniqueOrThrow({ where: { id: serviceId } })
  const known = serviceConfig.parse(row.config)
  const config = { ...known, platform: undefined, policies: { ...known.policies, acceptSelfFence: false } }
  const data = { config: toJson(config) ?? {}, configDigest: digestOf(config) }
  await lifeboat.db.service.update({ where: { id: serviceId }, data })
  await lifeboat.db.observation.deleteMany({ where: { serviceId, kind: 'platform' } })
  return serviceId
}

const totp = (secret: string, offsetMs = 0) =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + offsetMs })

function signIn(name: PersonName, code?: string): Promise<Response> {
  const { email, password } = lifeboat.people[name]
  return lifeboat.call({
    method: 'POST',
    path: '/api/auth/sign-in/email',
    json: { email, password },
    headers: {
      origin: lifeboat.origin,
      'x-forwarded-for': `192.0.2.${address}`,
      ...(code ? { [header]: code } : {}),
    },
  })
}

async function cookieOf(name: PersonName, code?: string): Promise<string> {
  const response = await signIn(name, code)
  expect(response.status).toBe(200)
  return response.headers
    .getSetCookie()
    .map((each) => each.split(';')[0])
    .join('; ')
}

const post = (cookie: string, path: string, json: unknown) =>
  lifeboat.call({ method: 'POST', path, json, headers: { cookie, origin: lifeboat.origin } })
const path = '/api/v1/me/second-factor'
const begun = z.object({ secret: z.string(), uri: z.string() })

async function begin(cookie: string, name: PersonName): Promise<string> {
  const response = await post(cookie, path, { password: lifeboat.people[name].password })
  expect(response.status).toBe(201)
  return begun.parse(await response.json()).secret
}

describe('enrolling', () => {
  it('asks for the password, confirms with a code, tells backup codes once, and is then asked for at sign-in', async () => {
    const cookie = await cookieOf('operator')
    expect((await post(cookie, path, { password: 'not the password' })).status).toBe(403)
    const secret = await begin(cookie, 'operator')
    // Begun is not enrolled: signing in does not ask for what was never confirmed.
    await cookieOf('operator')
    expect((await post(cookie, `${path}/confirm`, { code: '000000' })).status).toBe(403)
    const confirmed = await post(cookie, `${path}/confirm`, { code: totp(secret, -30_000) })
    const { backupCodes } = z.object({ backupCodes: z.array(z.string()) }).parse(await confirmed.json())
    expect(new Set(backupCodes).size).toBe(10)
    const needed = await signIn('operator')
    expect([needed.status, await needed.json()]).toEqual([403, expect.objectContaining({ code: 'code-needed' })])
    const wrong = await signIn('operator', '000000')
    expect([wrong.status, await wrong.json()]).toEqual([403, expect.objectContaining({ code: 'code-wrong' })])
    const code = totp(secret)
    await cookieOf('operator', code)
    expect((await signIn('operator', code)).status).toBe(403)
    await cookieOf('operator', backupCodes[0])
    expect((await signIn('operator', backupCodes[0])).status).toBe(403)
    const state = await lifeboat.call({ path, headers: { cookie: await cookieOf('operator', backupCodes[1]) } })
    expect(await state.json()).toMatchObject({ state: 'enrolled', atSignIn: true, backupCodesLeft: 8 })
    expect((await post(cookie, path, { password: lifeboat.people.operator.password })).status).toBe(409)
    expect((await post(cookie, `${path}/remove`, { code: '000000' })).status).toBe(403)
    const gone = await post(cookie, `${path}/remove`, { code: backupCodes[2] })
    expect(await gone.json()).toMatchObject({ state: 'none' })
    await cookieOf('operator')
    const trail = JSON.stringify(await lifeboat.db.auditEntry.findMany({ select: { data: true } }))
    for (const told of [secret, code, ...backupCodes]) expect(trail).not.toMatch(new RegExp(`\\b${told}\\b`))
  })

  it('is not for an API token, and gives no session to a wrong code', async () => {
    const body = { password: lifeboat.people.auditor.password }
    const byToken = await lifeboat.call({ method: 'POST', path, as: 'auditor', json: body })
    expect(byToken.status).toBe(403)
    const cookie = await cookieOf('auditor')
    const secret = await begin(cookie, 'auditor')
    await post(cookie, `${path}/confirm`, { code: totp(secret) })
    const before = await lifeboat.db.session.count({ where: { userId: lifeboat.people.auditor.id } })
    for (let n = 0; n < 5; n += 1) expect((await signIn('auditor', '000000')).status).toBe(403)
    expect((await signIn('auditor', totp(secret, 30_000))).status).toBe(429)
    expect(await lifeboat.db.session.count({ where: { userId: lifeboat.people.auditor.id } })).toBe(before)
  })
})

describe('breaking the glass over HTTP', () => {
  const ask = (code: string | null, key = randomUUID()) =>
    lifeboat.call({
      method: 'POST',
      path: `/api/v1/services/${service}/runs`,
      as: 'admin',
      json: { kind: 'failover', inputs: { breakGlass: [rule] }, reason },
      headers: { 'idempotency-key': key, ...(code ? { [header]: code } : {}) },
    })

  it('takes the code in a header, keeps it nowhere, and answers a repeat of the request without another', async () => {
    const cookie = await cookieOf('admin')
    const secret = await begin(cookie, 'admin')
    await post(cookie, `${path}/confirm`, { code: totp(secret, -30_000) })
    const missing = await ask(null)
    expect([missing.status, await missing.json()]).toEqual([
      403,
      expect.objectContaining({ code: 'second-factor-needed', notDone: 'Nothing was done.' }),
    ])
    const code = totp(secret)
    const key = randomUUID()
    const opened = await ask(code, key)
    expect(opened.status).toBe(201)
    const { id, plan } = z
      .object({ id: z.string(), plan: z.object({ timeBox: z.object({ minutes: z.int() }) }) })
      .parse(await opened.json())
    expect(plan.timeBox.minutes).toBe(30)
    const again = await ask(code, key)
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([201, 'true'])
    expect((await ask(code)).status).toBe(403)
    const kept = await Promise.all([
      lifeboat.db.idempotencyKey.findMany(),
      lifeboat.db.plan.findMany({ select: { document: true } }),
      lifeboat.db.auditEntry.findMany({ select: { data: true } }),
      lifeboat.db.event.findMany({ select: { data: true } }),
    ])
    const text = JSON.stringify(kept, (_, value) => (typeof value === 'bigint' ? String(value) : value))
    expect(text).toContain(id)
    expect(text).not.toMatch(new RegExp(`\\b${code}\\b`))
    const list = await lifeboat.call({ path: '/api/v1/break-glass', as: 'viewer' })
    expect(await list.json()).toMatchObject({ items: [{ runId: id, rules: [{ code: rule }] }] })
    const review = { verdict: 'justified', findings: 'There was no other way at that time.' }
    const reviewing = (as: PersonName) =>
      lifeboat.call({ method: 'POST', path: `/api/v1/runs/${id}/review`, as, json: review })
    expect((await reviewing('viewer')).status).toBe(403)
    expect((await reviewing('operator')).status).toBe(403)
    expect((await reviewing('admin')).status).toBe(403)
    expect((await reviewing('approver')).status).toBe(409)
    await lifeboat.db.run.update({
      where: { id },
      data: { state: 'succeeded', startedAt: new Date(), endedAt: new Date() },
    })
    const done = await reviewing('approver')
    expect(await done.json()).toMatchObject({ review: { state: 'reviewed', reviewer: 'approver@lifeboat.test' } })
    const after = await lifeboat.call({ path: '/api/v1/break-glass', as: 'viewer' })
    expect(await after.json()).toMatchObject({ items: [] })
  })

  it('has no review, and no window, where there was no broken glass and no failover', async () => {
    const run = await lifeboat.db.run.findFirstOrThrow({ where: { serviceId: service, state: 'rejected' } })
    expect((await lifeboat.call({ path: `/api/v1/runs/${run.id}/review`, as: 'admin' })).status).toBe(404)
    const window = `/api/v1/services/${service}/commit-window`
    expect(await (await lifeboat.call({ path: window, as: 'viewer' })).json()).toMatchObject({ window: null })
    const commit = (as: PersonName) =>
      lifeboat.call({ method: 'POST', path: window, as, json: { runId: run.id, reason: 'fine' } })
    expect((await commit('viewer')).status).toBe(403)
    expect((await commit('auditor')).status).toBe(403)
    expect((await commit('approver')).status).toBe(409)
    expect((await lifeboat.call({ path: window, as: 'stranger' })).status).toBe(403)
  })
})
