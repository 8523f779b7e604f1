import { spawn } from 'node:child_process'
import { startTestConsole } from '@/server/testing/console'
import { describeStep } from '@/server/steps/catalog'
import { seedApprovedRun } from '@/server/testing/seed-run'
const lifeboat = await startTestConsole(65)
const seeded = await seedApprovedRun(lifeboat.db, describeStep)
const origin = 'http://127.65.0.1:3100'
const t0 = Date.now()
const child = spawn(process.execPath, ['server.js'], { cwd: '/tmp/http-smoke', stdio: 'inherit', env: { ...process.env, LIFEBOAT_PUBLIC_URL: origin, LIFEBOAT_LOG_LEVEL: 'info', PORT: '3100', HOSTNAME: '127.65.0.1', NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' } })
const get = (p: string, h: Record<string,string> = {}) => fetch(origin + p, { headers: h, redirect: 'manual' })
for (;;) { try { if ((await get('/livez')).ok) break } catch {} await new Promise(r => setTimeout(r, 50)); if (Date.now() - t0 > 60000) throw new Error('no start') }
console.log('up after', Date.now() - t0)
const auth = { authorization: `Bearer ${lifeboat.people.admin.token}` }
for (const p of ['/readyz?verbose', '/api/v1/me', '/api/v1/services', `/api/v1/services/${seeded.serviceId}`, `/api/v1/runs/${seeded.runId}`, '/api/v1/audit', '/api/v1/audit/verification', '/api/openapi.json', '/api/nope', '/metrics']) {
  const t = performance.now(); const r = await get(p, auth); const text = await r.text()
  const t2 = performance.now(); await (await get(p, auth)).text()
  console.log(r.status, p, text.length, 'B', (t2 - t).toFixed(0), 'then', (performance.now() - t2).toFixed(0), 'ms')
}
console.log((await get('/api/v1/me')).status, [...(await get('/api/v1/me')).headers])
console.log('DELETE', (await fetch(origin + '/api/v1/me', { method: 'DELETE', headers: auth })).status)
const s = await fetch(origin + '/api/auth/sign-in/email', { method: 'POST', headers: { 'content-type': 'application/json', origin }, body: JSON.stringify({ email: lifeboat.people.operator.email, password: lifeboat.people.operator.password }) })
console.log('sign-in', s.status, s.headers.getSetCookie())
const cookie = s.headers.getSetCookie().map(c => c.split(';')[0]).join('; ')
for (const p of ['/', '/sign-in', `/services/${seeded.serviceId}`]) { const r = await get(p, { cookie }); console.log('page', p, r.status, (await r.text()).length, r.headers.get('content-security-policy')?.slice(0, 60)) }
console.log('page / without', (await get('/')).status, (await get('/')).headers.get('location'))
const ab = new AbortController()
const es = await fetch(origin + '/api/v1/events', { headers: { cookie }, signal: ab.signal })
console.log('events', es.status, es.headers.get('content-type'), es.headers.get('content-encoding'))
const rd = es.body!.getReader(); let buf = ''
void (async () => { try { for (;;) { const n = await rd.read(); if (n.done) break; buf += new TextDecoder().decode(n.value) } } catch {} })()
const a = await fetch(`${origin}/api/v1/runs/${seeded.runId}/abort`, { method: 'POST', headers: { 'content-type': 'application/json', origin, cookie, 'idempotency-key': 'k1' }, body: JSON.stringify({ reason: 'smoke' }) })
console.log('abort', a.status, (await a.json()).state)
const t1 = Date.now(); while (!buf.includes('run.changed') && Date.now() - t1 < 5000) await new Promise(r => setTimeout(r, 20))
console.log(buf); ab.abort()
const evil = await fetch(`${origin}/api/v1/runs/${seeded.runId}/abort`, { method: 'POST', headers: { 'content-type': 'application/json', origin: 'http://evil.test', cookie }, body: '{}' })
console.log('evil', evil.status)
const big = await fetch(`${origin}/api/v1/runs/${seeded.runId}/abort`, { method: 'POST', headers: { 'content-type': 'application/json', ...auth }, body: JSON.stringify({ reason: 'x'.repeat(200000) }) })
console.log('big', big.status)
const t3 = Date.now(); child.kill('SIGTERM'); await new Promise(r => child.once('exit', r)); console.log('stopped in', Date.now() - t3)
await lifeboat.stop()
