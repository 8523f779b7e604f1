import { Secret, TOTP } from 'otpauth'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createSecondFactor } from '@/server/adapters/second-factor/totp'
import { getBreakGlass, listBreakGlass } from '@/server/queries/break-glass'
import { startTestControlPlane, type TestControlPlane } from '@/server/testing/control-plane'
import type { Context } from '../context'
import { ServiceError } from '../errors'
import { decideRun } from '../runs/decide'
import { expireRuns } from '../runs/expire'
import { requestRun } from '../runs/request'
import { reviewBreakGlass } from './review'

const port = createSecondFactor('a process secret of 32 characters')
const reason = 'us-east is gone, agent and platform with it; the business decided to go on'
const rule = 'fencing.not-provable'
let control: TestControlPlane
let admin: Context
let secret: string
let service: string
let now: number

beforeAll(async () => {
  control = await startTestControlPlane(88)
})
afterAll(() => control?.stop())
beforeEach(async () => {
  now = Date.now()
  admin = await person('admin')
  secret = port.newSecret()
  const data = { sealedSecret: port.seal(admin.actor.id, secret), confirmedAt: new Date(now) }
  await control.db.secondFactor.create({ data: { userId: admin.actor.id, ...data } })
  service = await unfencedService()
})

async function person(role: Parameters<TestControlPlane['person']>[0]): Promise<Context> {
  const made = await control.person(role)
  return { ...made, clock: { ...made.clock, now: () => now }, secondFactor: port }
}

/** Neither agent nor platform answers, and an isolated primary is not known to stop itself. */
async function unfencedService(): Promise<string> {
  const id = await control.lostService((config) => ({
    ...config,
    platform: undefined,
    policies: { ...config.policies, acceptSelfFence: false },
  }))
  await control.db.observation.deleteMany({ where: { serviceId: id, kind: 'platform' } })
  return id
}

const codeAt = (at: number) => new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: at })
const ask = (who: Context, code: string | null, over: { reason?: string; rules?: string[] } = {}) =>
  requestRun(who, {
    service,
    kind: 'failover',
    inputs: { breakGlass: over.rules ?? [rule] },
    reason: over.reason ?? reason,
    secondFactorCode: code,
  })

async function refusal(work: Promise<unknown>): Promise<ServiceError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof ServiceError)) throw new Error(`no refusal, but ${String(error)}`)
  return error
}

describe('asking for a run that breaks the glass', () => {
  it('opens it with its time box, its review and its audit, and keeps the code nowhere', async () => {
    const code = codeAt(now)
    const { runId } = await ask(admin, code)
    const run = await control.db.run.findUniqueOrThrow({ where: { id: runId }, include: { plan: true } })
    const { timeBox, overrides } = run.plan.document as {
      timeBox: { minutes: number; notAfter: string }
      overrides: []
    }
    expect(overrides).toEqual([expect.objectContaining({ code: rule })])
    expect(timeBox).toEqual({ minutes: 30, notAfter: new Date(now + 30 * 60_000).toISOString() })
    expect(run.expiresAt.toISOString()).toBe(timeBox.notAfter)
    const review = await control.db.breakGlassReview.findUniqueOrThrow({ where: { runId } })
    expect(review).toMatchObject({ requesterId: admin.actor.id, reviewedAt: null })
    expect(review.dueAt.getUTCHours() + review.dueAt.getUTCMinutes()).toBe(0)
    const trail = await control.db.auditEntry.findMany({
      where: { OR: [{ runId }, { subject: `user/${admin.actor.id}` }] },
    })
    expect(trail.map((each) => each.action).sort()).toEqual(['run.request', 'second-factor.use'])
    expect(JSON.stringify([trail.map((each) => each.data), run.plan.document])).not.toContain(code)
  })

  it('refuses it without a code, with a wrong one, with one used before, and without a factor', async () => {
    expect((await refusal(ask(admin, null))).code).toBe('second-factor-needed')
    expect((await refusal(ask(admin, '000000'))).code).toBe('second-factor-wrong')
    await ask(admin, codeAt(now))
    expect((await refusal(ask(admin, codeAt(now)))).code).toBe('second-factor-wrong')
    // The code of the step before is still within the clock's tolerance, and older than one that was used.
    expect((await refusal(ask(admin, codeAt(now - 30_000)))).code).toBe('second-factor-wrong')
    now += 30_000
    await ask(admin, codeAt(now))
    expect((await refusal(ask(await person('admin'), '123456'))).message).toContain('you have none')
    expect(await control.db.run.count({ where: { serviceId: service } })).toBe(2)
    const denied = await control.db.auditEntry.count({ where: { serviceId: service, outcome: 'deny' } })
    expect(denied).toBe(5)
  })

  it('lets one of two requests with the same code pass', async () => {
    const code = codeAt(now)
    const both = await Promise.allSettled([ask(admin, code), ask(admin, code)])
    expect(both.map((each) => each.status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  it('takes no code for five minutes after five wrong ones, not even the right one', async () => {
    for (let n = 0; n < 5; n += 1) await refusal(ask(admin, '000000'))
    expect((await refusal(ask(admin, codeAt(now)))).code).toBe('rate-limited')
    now += 5 * 60_000
    await ask(admin, codeAt(now))
  })

  it('refuses a reason without substance, a rule that does not stand in the way, and who may not', async () => {
    expect((await refusal(ask(admin, codeAt(now), { reason: 'us-east is gone' }))).code).toBe('invalid')
    const needless = await refusal(ask(admin, codeAt(now), { rules: [rule, 'outage.not-confirmed'] }))
    expect(needless.message).toContain('outage.not-confirmed')
    now += 30_000
    expect((await refusal(ask(await person('operator'), codeAt(now)))).code).toBe('forbidden')
    expect(await control.db.run.count({ where: { serviceId: service } })).toBe(0)
    expect(await control.db.breakGlassReview.count({ where: { serviceId: service } })).toBe(0)
  })

  it('still needs its approval, by someone else, within the box', async () => {
    const { runId } = await ask(admin, codeAt(now))
    const { digest } = await control.db.run.findUniqueOrThrow({ where: { id: runId } })
    const yes = { runId, decision: 'approve', digest, comment: 'the risk is accepted' } as const
    expect((await refusal(decideRun(admin, yes))).code).toBe('own-request')
    expect(await decideRun(await person('approver'), yes)).toMatchObject({ state: 'approved' })
    const run = await control.db.run.findUniqueOrThrow({ where: { id: runId } })
    expect(run.expiresAt.getTime()).toBeLessThanOrEqual(now + 30 * 60_000)
  })
})

describe('the review', () => {
  const given = { verdict: 'justified', findings: 'Nobody could reach the region; the risk was real.' } as const
  const end = (runId: string, state: string, startedAt: Date | null) =>
    control.db.run.update({ where: { id: runId }, data: { state, startedAt, endedAt: new Date(now) } })

  it('is listed until somebody else has given it, once', async () => {
    const { runId } = await ask(admin, codeAt(now))
    const auditor = await person('auditor')
    const mine = async () => (await listBreakGlass(auditor)).items.filter((each) => each.runId === runId)
    expect(await mine()).toEqual([expect.objectContaining({ rules: [expect.objectContaining({ code: rule })] })])
    expect((await refusal(reviewBreakGlass(auditor, { runId, ...given }))).message).toContain('not over')
    await end(runId, 'succeeded', new Date(now))
    expect((await mine())[0]?.review.state).toBe('due')
    expect((await getBreakGlass(admin, runId)).can.review.allowed).toBe(false)
    expect((await refusal(reviewBreakGlass(admin, { runId, ...given }))).code).toBe('own-request')
    expect((await refusal(reviewBreakGlass(await person('operator'), { runId, ...given }))).code).toBe('forbidden')
    now += 3 * 86_400_000
    expect((await mine())[0]?.review.state).toBe('overdue')
    await reviewBreakGlass(auditor, { runId, ...given })
    expect(await mine()).toEqual([])
    expect((await getBreakGlass(auditor, runId)).review).toMatchObject({ state: 'reviewed', verdict: 'justified' })
    expect((await refusal(reviewBreakGlass(auditor, { runId, ...given }))).code).toBe('wrong-state')
    const [entry] = await control.db.auditEntry.findMany({ where: { runId, action: 'run.review', outcome: 'ok' } })
    expect(entry?.data).toMatchObject({ verdict: 'justified', overdue: true })
  })

  it('is not owed for what never began', async () => {
    const { runId } = await ask(admin, codeAt(now))
    await end(runId, 'rejected', null)
    expect((await listBreakGlass(admin)).items.map((each) => each.runId)).not.toContain(runId)
    expect((await getBreakGlass(admin, runId)).review.state).toBe('not-needed')
  })

  it('is hidden from who may not read the service', async () => {
    const { runId } = await ask(admin, codeAt(now))
    const elsewhere = await control.person('auditor', { service: 'another' })
    expect((await listBreakGlass(elsewhere)).items).toEqual([])
    expect((await refusal(getBreakGlass(elsewhere, runId))).code).toBe('not-found')
    expect((await refusal(reviewBreakGlass(elsewhere, { runId, ...given }))).code).toBe('not-found')
  })
})

describe('a time box that ran out', () => {
  it('expires what waits for its approval', async () => {
    const { runId } = await ask(admin, codeAt(now))
    await control.db.run.update({ where: { id: runId }, data: { expiresAt: new Date(Date.now() - 1) } })
    await expireRuns(admin)
    expect(await control.db.run.findUniqueOrThrow({ where: { id: runId } })).toMatchObject({ state: 'expired' })
  })
})
