import { afterAll, beforeAll, describe, expect, it } from 'vitest'
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

const text = async (path: string) => (await lifeboat.call({ path })).text()

async function ready(query = ''): Promise<{ status: number; checks: Record<string, { ok: boolean; detail: string }> }> {
  const response = await lifeboat.call({ path: `/readyz${query}` })
  const body: { checks: { name: string; ok: boolean; detail: string }[] } = await response.json()
  return { status: response.status, checks: Object.fromEntries(body.checks.map((check) => [check.name, check])) }
}

describe('probes', () => {
  it('/livez answers without anything', async () => {
    expect(await text('/livez')).toBe('ok\n')
  })

  it('/readyz serves without Redis and workers, and says that they are missing', async () => {
    const found = await ready()
    expect(found.status).toBe(200)
    expect(found.checks).toMatchObject({ database: { ok: true }, redis: { ok: false }, workers: { ok: false } })
  })

  it('/readyz counts workers by their last sign of life', async () => {
    const beat = (id: string, vantage: string, agoMs: number) => ({
      id,
      kind: 'worker',
      vantage,
      startedAt: new Date(),
      seenAt: new Date(Date.now() - agoMs),
      detail: {},
    })
    await lifeboat.db.processHeartbeat.createMany({
      data: [beat('w1', 'vantage-a', 0), beat('w2', 'vantage-b', 60_000)],
    })
    const found = await ready('?verbose')
    expect(found.checks.workers?.ok).toBe(true)
    expect(found.checks.workers?.detail).toMatch(
      /1 alive, at 1 vantage points?\. w1 at vantage-a: .* w2 at vantage-b: 60/,
    )
    expect((await ready()).checks.workers?.detail).not.toContain('w1')
  })

  it('/metrics has what is known, no sample for what is not, and no series a request', async () => {
    await lifeboat.call({ path: `/api/v1/runs/${seeded.runId}`, as: 'admin' })
    const found = await text('/metrics')
    expect(found).toContain('lifeboat_control_database_up 1')
    expect(found).toContain(`lifeboat_runs{service="${seeded.serviceId}",state="approved"} 1`)
    expect(found).toContain(`lifeboat_primaries_seen{service="${seeded.serviceId}"} 0`)
    expect(found).toContain('path="/api/v1/runs/{id}"')
    expect(found).not.toContain(seeded.runId)
    expect(found).not.toMatch(/^lifeboat_replication_lag_seconds\{/m)
  })

  it('without the control database says so, and keeps answering', async () => {
    await lifeboat.database.stop()
    const found = await ready()
    expect(found.status).toBe(503)
    expect(found.checks.database).toMatchObject({ ok: false })
    expect(JSON.stringify(found)).not.toContain(lifeboat.database.password)
    expect(await text('/metrics')).toContain('lifeboat_control_database_up 0')
    expect(await text('/livez')).toBe('ok\n')
    const refused = await lifeboat.call({ path: '/api/v1/me', as: 'admin' })
    expect(refused.status).toBe(503)
    expect((await refused.json()).code).toBe('unavailable')
  })
})
