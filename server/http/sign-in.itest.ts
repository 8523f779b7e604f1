import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { problem } from '@/server/queries/dto/common'
import { describeStep } from '@/server/steps/catalog'
import { type PersonName, startTestConsole, type TestConsole } from '@/server/testing/console'
import { type SeededRun, seedApprovedRun } from '@/server/testing/seed-run'

let lifeboat: TestConsole
let seeded: SeededRun
let address = 0

beforeAll(async () => {
  lifeboat = await startTestConsole(65)
  seeded = await seedApprovedRun(lifeboat.db, describeStep)
}, 60_000)
afterAll(() => lifeboat?.stop())
// Another address each test: the limit of one must not reach into the next.
beforeEach(() => {
  address += 1
})

const signIn = (name: PersonName, password = lifeboat.people[name].password, headers: Record<string, string> = {}) =>
  lifeboat.call({
    method: 'POST',
    path: '/api/auth/sign-in/email',
    json: { email: lifeboat.people[name].email, password },
    headers: { origin: lifeboat.origin, 'x-forwarded-for': `192.0.2.${address}`, ...headers },
  })

async function cookieOf(name: PersonName): Promise<string> {
  const response = await signIn(name)
  expect(response.status).toBe(200)
  return response.headers
    .getSetCookie()
    .map((each) => each.split(';')[0])
    .join('; ')
}

const me = (cookie: string) => lifeboat.call({ path: '/api/v1/me', headers: { cookie } })

describe('sign-in', () => {
  it('gives a cookie that scripts cannot read and other sites do not send, and writes it down', async () => {
    const response = await signIn('operator')
    const cookie = response.headers.getSetCookie()[0] ?? ''
    expect(cookie).toMatch(/^lifeboat\.session_token=/)
    expect(cookie).toMatch(/HttpOnly/i)
    expect(cookie).toMatch(/SameSite=Strict/i)
    expect(cookie).not.toMatch(/; Secure/i)
    const found = await me(cookie.split(';')[0] ?? '')
    expect(await found.json()).toMatchObject({ email: 'operator@lifeboat.test' })
    const entry = await lifeboat.db.auditEntry.findFirstOrThrow({ orderBy: { seq: 'desc' } })
    expect(entry).toMatchObject({ action: 'session.start', outcome: 'allow' })
    expect(JSON.stringify(entry.data)).toBe('{}')
  })

  it('refuses a wrong password, a disabled account, and signing up', async () => {
    expect((await signIn('viewer', 'not the password')).status).toBe(401)
    const { id } = lifeboat.people.viewer
    await lifeboat.db.user.update({ where: { id }, data: { disabledAt: new Date() } })
    expect((await signIn('viewer')).status).toBe(403)
    expect(await lifeboat.db.session.count({ where: { userId: id } })).toBe(0)
    await lifeboat.db.user.update({ where: { id }, data: { disabledAt: null } })
    for (const path of ['sign-up/email', 'update-user', 'delete-user', 'request-password-reset', 'verify-email']) {
      const response = await lifeboat.call({
        method: 'POST',
        path: `/api/auth/${path}`,
        json: { name: 'Eve', email: 'eve@lifeboat.test', password: 'a long enough password' },
        headers: { origin: lifeboat.origin },
      })
      expect(response.status, path).toBe(404)
    }
    expect(await lifeboat.db.user.count({ where: { email: 'eve@lifeboat.test' } })).toBe(0)
  })

  it('ends at once when signed out, revoked, disabled, or too old', async () => {
    const { id } = lifeboat.people.auditor
    const cookie = await cookieOf('auditor')
    expect((await me(cookie)).status).toBe(200)
    await lifeboat.db.user.update({ where: { id }, data: { disabledAt: new Date() } })
    expect((await me(cookie)).status).toBe(401)
    await lifeboat.db.user.update({ where: { id }, data: { disabledAt: null } })
    const dayAgo = new Date(Date.now() - 25 * 3_600_000)
    await lifeboat.db.session.updateMany({ where: { userId: id }, data: { createdAt: dayAgo } })
    expect((await me(cookie)).status).toBe(401)
    const second = await cookieOf('auditor')
    const out = await lifeboat.call({
      method: 'POST',
      path: '/api/auth/sign-out',
      json: {},
      headers: { cookie: second, origin: lifeboat.origin },
    })
    expect(out.status).toBe(200)
    expect((await me(second)).status).toBe(401)
    const third = await cookieOf('auditor')
    await lifeboat.db.session.updateMany({ where: { userId: id }, data: { expiresAt: new Date(Date.now() - 1) } })
    expect((await me(third)).status).toBe(401)
  })

  it('slows down guessing, by account and by address', async () => {
    const guess = (from: string) => signIn('approver2', 'guess', { 'x-forwarded-for': from })
    const byAccount: number[] = []
    for (let n = 0; n < 11; n += 1) byAccount.push((await guess(`198.51.100.${n}`)).status)
    expect(byAccount.slice(0, 10)).toEqual(Array(10).fill(401))
    expect(byAccount[10]).toBe(429)
    expect((await signIn('approver2')).status).toBe(429)
    expect((await signIn('operator')).status).toBe(200)
    const byAddress: number[] = []
    for (let n = 0; n < 31; n += 1) {
      const response = await lifeboat.call({
        method: 'POST',
        path: '/api/auth/sign-in/email',
        // Without a password no hash is computed, and it counts all the same.
        json: { email: `nobody-${n}@lifeboat.test` },
        headers: { origin: lifeboat.origin, 'x-forwarded-for': '203.0.113.9' },
      })
      byAddress.push(response.status)
    }
    expect(byAddress[30]).toBe(429)
  }, 60_000)
})

describe('requests from other sites', () => {
  it.each([
    ['another site', { origin: 'https://evil.test' }],
    ['a sandboxed page', { origin: 'null' }],
    ['no origin', {}],
    ['the same host on another port', { origin: 'http://console.test:9999' }],
    ['our name as a part of theirs', { origin: 'http://console.test:3000.evil.test' }],
  ])('with the cookie, from %s, change nothing', async (_, headers: Record<string, string>) => {
    const cookie = await cookieOf('operator')
    const before = await lifeboat.db.run.count({ where: { state: 'aborted' } })
    const response = await lifeboat.call({
      method: 'POST',
      path: `/api/v1/runs/${seeded.runId}/abort`,
      json: { reason: 'forged' },
      headers: { cookie, ...headers },
    })
    expect(response.status).toBe(403)
    expect(problem.parse(await response.json()).code).toBe('foreign-origin')
    expect(await lifeboat.db.run.count({ where: { state: 'aborted' } })).toBe(before)
  })

  it('cannot sign a browser in either', async () => {
    const response = await signIn('operator', undefined, { origin: 'https://evil.test' })
    expect(response.status).toBe(403)
    expect(response.headers.getSetCookie()).toEqual([])
  })

  it('with the cookie and our own origin are taken', async () => {
    const cookie = await cookieOf('operator')
    const response = await lifeboat.call({
      method: 'POST',
      path: `/api/v1/runs/${seeded.runId}/abort`,
      json: { reason: 'not needed' },
      headers: { cookie, origin: lifeboat.origin },
    })
    expect(response.status).toBe(200)
  })
})
