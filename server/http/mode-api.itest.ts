import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { digestOf, toJson } from '@/server/domain/json'
import { problem } from '@/server/queries/dto/common'
import { type ModeView, modeView } from '@/server/queries/dto/mode'
import { type PersonName, startTestConsole, type TestConsole } from '@/server/testing/console'
import { testConfig } from '@/server/testing/facts'

let lifeboat: TestConsole
const service = 'shortener'
const path = `/api/v1/services/${service}/mode`
const reason = 'so that nights are quiet'

beforeAll(async () => {
  lifeboat = await startTestConsole(83)
  const config = { ...testConfig(), mode: 'automatic' as const }
  await lifeboat.db.service.create({
    data: {
      id: service,
      name: config.name,
      config: toJson(config) ?? {},
      configDigest: digestOf(config),
      lease: { create: {} },
    },
  })
}, 60_000)
afterAll(() => lifeboat?.stop())

async function done(under: string, as: PersonName, json: unknown): Promise<ModeView> {
  const response = await lifeboat.call({ method: 'POST', path: `${path}/${under}`, as, json })
  const text = await response.text()
  expect([200, 201], text).toContain(response.status)
  return modeView.parse(JSON.parse(text))
}

async function refused(under: string, as: PersonName, json: unknown, status: number, code: string): Promise<void> {
  const response = await lifeboat.call({ method: 'POST', path: `${path}/${under}`, as, json })
  expect(problem.parse(await response.json())).toMatchObject({ status, code })
}

async function seenBy(as: PersonName): Promise<ModeView> {
  const response = await lifeboat.call({ path, as })
  expect(response.status).toBe(200)
  return modeView.parse(await response.json())
}

describe('the mode of a service', () => {
  it('is told to who may read the service, with every rule and what this person may do', async () => {
    const view = await seenBy('viewer')
    expect(view).toMatchObject({ mode: 'automatic', asked: 'if-lost', maintenance: null, coolDown: null })
    expect(view.sentence).toMatch(/^If US East dies now,/)
    expect(view.rules.length).toBeGreaterThan(12)
    // Nothing was ever seen of it: nothing may look as if it held.
    expect(view.rules.find((rule) => rule.code === 'region.healthy')?.holds).toBeNull()
    expect(Object.values(view.can).every((each) => !each.allowed && each.reason)).toBe(true)
    expect((await lifeboat.call({ path, as: 'stranger' })).status).toBe(403)
    expect((await lifeboat.call({ path: '/api/v1/services/none/mode', as: 'viewer' })).status).toBe(404)
  })

  it('lets an operator turn the kill switch on and not off', async () => {
    await refused('kill-switch', 'viewer', { on: true, reason }, 403, 'forbidden')
    await refused('kill-switch', 'auditor', { on: true, reason }, 403, 'forbidden')
    const stopped = await done('kill-switch', 'operator', { on: true, reason })
    expect(stopped.killSwitch.service).toMatchObject({ on: true, reason, changedBy: 'operator@lifeboat.test' })
    expect(stopped.verdict).toBe('refuse')
    await refused('kill-switch', 'operator', { on: false, reason }, 403, 'forbidden')
    await refused('kill-switch', 'approver', { on: false }, 400, 'invalid')
    const allowed = await done('kill-switch', 'approver', { on: false, reason })
    expect(allowed.killSwitch.service.on).toBe(false)
  })

  it('takes a standing approval through two votes of others, and lets it be revoked', async () => {
    const ask = { expiresAt: new Date(Date.now() + 86_400_000).toISOString(), reason }
    await refused('standing-approvals', 'approver', ask, 403, 'forbidden')
    const asked = await done('standing-approvals', 'admin', ask)
    const [found] = asked.standingApprovals
    if (!found) throw new Error('It is not there')
    const votes = `standing-approvals/${found.id}/votes`
    const yes = { decision: 'approve', digest: found.digest, comment: 'read' }
    await refused(votes, 'admin', yes, 403, 'own-request')
    await refused(votes, 'operator', yes, 403, 'forbidden')
    await refused(votes, 'approver', { ...yes, digest: 'a'.repeat(64) }, 409, 'stale-digest')
    await done(votes, 'approver', yes)
    await refused(votes, 'approver', yes, 409, 'conflict')
    const valid = await done(votes, 'approver2', yes)
    expect(valid.standingApprovals[0]).toMatchObject({ state: 'valid', can: { vote: { allowed: false } } })
    expect(valid.rules.find((rule) => rule.code === 'standing-approval.valid')?.holds).toBe(true)
    const revoke = `standing-approvals/${found.id}/revoke`
    await refused(revoke, 'viewer', { reason }, 403, 'forbidden')
    const revoked = await done(revoke, 'operator', { reason })
    expect(revoked.standingApprovals[0]).toMatchObject({ state: 'revoked', revoked: { by: 'operator@lifeboat.test' } })
    await refused(revoke, 'operator', { reason }, 409, 'wrong-state')
    await refused('standing-approvals/none/revoke', 'operator', { reason }, 404, 'not-found')
  })

  it('announces maintenance, and ends it', async () => {
    const span = (startMs: number, endMs: number) => ({
      startsAt: new Date(Date.now() + startMs).toISOString(),
      endsAt: new Date(Date.now() + endMs).toISOString(),
      reason,
    })
    await refused('maintenance', 'viewer', span(0, 60_000), 403, 'forbidden')
    await refused('maintenance', 'operator', span(60_000, 0), 400, 'invalid')
    await refused('maintenance', 'operator', span(0, 25 * 3_600_000), 400, 'invalid')
    const announced = await done('maintenance', 'operator', span(-1000, 60_000))
    expect(announced.rules.find((rule) => rule.code === 'maintenance.none')?.holds).toBe(false)
    const cancel = `maintenance/${announced.maintenance?.id}/cancel`
    await refused(cancel, 'operator', undefined, 403, 'forbidden')
    expect((await done(cancel, 'approver', undefined)).maintenance).toBeNull()
    await refused('acknowledge', 'operator', { reason }, 409, 'wrong-state')
  })
})
