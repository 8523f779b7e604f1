import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { alertsView } from '@/server/queries/dto/alerts'
import { readinessView } from '@/server/queries/dto/readiness'
import { signalsView, thresholdsView } from '@/server/queries/dto/thresholds'
import { evaluateAlerts } from '@/server/services/alerts/evaluate'
import { describeStep } from '@/server/steps/catalog'
import { startTestConsole, type TestConsole } from '@/server/testing/console'
import { seedApprovedRun } from '@/server/testing/seed-run'

let lifeboat: TestConsole
let service: string

beforeAll(async () => {
  lifeboat = await startTestConsole(84)
  service = (await seedApprovedRun(lifeboat.db, describeStep)).serviceId
  const clock = { now: () => Date.now(), sleep: () => Promise.resolve() }
  await evaluateAlerts({ db: lifeboat.db, clock, actor: { type: 'worker', id: 'w', vantage: 'a' } }, service)
}, 120_000)
afterAll(() => lifeboat?.stop())

const get = async (path: string) => {
  const response = await lifeboat.call({ path, as: 'admin' })
  const text = await response.text()
  expect(response.status, text).toBe(200)
  return JSON.parse(text)
}
const metrics = async () => (await lifeboat.call({ path: '/metrics' })).text()

describe('alerts over HTTP', () => {
  it('answers in the shapes that it declares', async () => {
    expect(signalsView.parse(await get(`/api/v1/services/${service}/signals`)).signals.length).toBeGreaterThan(5)
    expect(readinessView.parse(await get(`/api/v1/services/${service}/readiness`)).service).toBe(service)
    const alerts = alertsView.parse(await get('/api/v1/alerts?severity=critical'))
    expect(alerts.items.map((each) => each.subject)).toContain('us-east from vantage-a')
  })

  it('a limit set for a service is the limit in /metrics, and changes the state there', async () => {
    const labels = `service="${service}",signal="endpoint-failures"`
    expect(await metrics()).toContain(
      `lifeboat_signal_state{${labels},subject="us-east from vantage-a",state="critical"} 1`,
    )
    const path = `/api/v1/services/${service}/thresholds/endpoint-failures`
    const json = { warn: 50, critical: 90, reason: 'a test of the limits' }
    const response = await lifeboat.call({ method: 'POST', path, as: 'admin', json })
    expect(thresholdsView.parse(await response.json()).items.find((each) => each.override)?.current).toEqual({
      warn: 50,
      critical: 90,
    })
    const text = await metrics()
    expect(text).toContain(`lifeboat_signal_threshold{${labels},severity="critical"} 90`)
    expect(text).toContain(`lifeboat_signal_state{${labels},subject="us-east from vantage-a",state="ok"} 1`)
    expect(text).toMatch(/lifeboat_alerts\{service="[^"]+",severity="critical",state="firing"\} \d/)
    expect(text).toMatch(new RegExp(`lifeboat_readiness\\{service="${service}",status="[a-z-]+"\\} 1`))
  })

  it('has no sample of what is not known', async () => {
    const text = await metrics()
    expect(text).toContain(
      `lifeboat_signal_state{service="${service}",signal="public-failures",subject="go.test from vantage-a",state="unknown"} 1`,
    )
    expect(text).not.toMatch(new RegExp(`lifeboat_signal_value\\{service="${service}",signal="public-failures"`))
  })

  it.each([
    ['thresholds/endpoint-failures', { warn: 9, critical: 1, reason: 'turned round' }],
    ['thresholds/endpoint-failures', { warn: 1, critical: 'many', reason: 'no number' }],
    ['thresholds/endpoint-failures', { warn: 1, critical: 2 }],
    ['thresholds/writable-primaries', { warn: 0, critical: 9, reason: 'never' }],
    ['thresholds/no-such-signal', { warn: 0, critical: 9, reason: 'never' }],
  ])('refuses %s %j', async (under, json) => {
    const response = await lifeboat.call({
      method: 'POST',
      path: `/api/v1/services/${service}/${under}`,
      as: 'admin',
      json,
    })
    expect(response.status).toBe(400)
  })

  it('takes no silence of two primaries, and no filter that it does not know', async () => {
    const until = new Date(Date.now() + 60_000).toISOString()
    const json = { service, signal: 'writable-primaries', until, reason: 'not now' }
    const response = await lifeboat.call({ method: 'POST', path: '/api/v1/alerts/silences', as: 'operator', json })
    expect(response.status).toBe(400)
    expect((await lifeboat.call({ path: '/api/v1/alerts?state=asleep', as: 'admin' })).status).toBe(400)
    expect((await lifeboat.call({ path: '/api/v1/alerts/nothing', as: 'admin' })).status).toBe(404)
  })
})
