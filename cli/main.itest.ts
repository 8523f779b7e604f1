import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { startTestConsole, type TestConsole } from '@/server/testing/console'
import { testConfig } from '@/server/testing/facts'

let control: TestConsole
let server: Server
let folder: string
let url: string

beforeAll(async () => {
  control = await startTestConsole(64)
  folder = await mkdtemp(join(tmpdir(), 'lifeboat-cli-'))
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
    const body = Buffer.concat(chunks)
    const answer = await control.call({
      method: request.method ?? 'GET',
      path: request.url ?? '/',
      headers,
      ...(body.length > 0 ? { raw: body } : {}),
    })
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' })
    response.end(await answer.text())
  })
  server.listen(0, '127.64.77.1')
  await once(server, 'listening')
  const address = server.address()
  url = typeof address === 'object' && address ? `http://127.64.77.1:${address.port}` : ''
})
afterAll(async () => {
  server?.close()
  await control?.stop()
  await rm(folder, { recursive: true, force: true })
})

type Ran = { code: number; out: string; err: string }
/** The command as a person runs it, in a process of its own. */
function lifeboat(args: string[], environment: Record<string, string> = {}): Promise<Ran> {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const env = {
    NODE_ENV: 'test' as const,
    PATH: process.env.PATH,
    LIFEBOAT_DATABASE_URL: control.database.url,
    LIFEBOAT_URL: url,
    ...environment,
  }
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', 'cli/main.ts', ...args], { cwd: root, env }, (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err })
    })
  })
}
const as = (name: 'viewer' | 'operator' | 'approver') => ({ LIFEBOAT_TOKEN: control.people[name].token })

describe('lifeboat config', () => {
  it('applies a good file and tells the lines of a bad one', async () => {
    const file = join(folder, 'lifeboat.yaml')
    const text = stringify({ version: 1, services: [testConfig()] })
    await writeFile(file, text)
    expect(await lifeboat(['config', 'check', file])).toMatchObject({ code: 0 })
    const applied = await lifeboat(['config', 'apply', file, '--json'])
    expect(JSON.parse(applied.out)).toMatchObject({ applied: [{ service: 'shortener', change: 'created' }] })
    const bad = join(folder, 'bad.yaml')
    await writeFile(bad, text.replace('mode: manual', 'mode: often'))
    const checked = await lifeboat(['config', 'check', bad])
    expect(checked.code).toBe(3)
    expect(checked.err).toMatch(/bad\.yaml:\d+: services\[0\]\.mode/)
  })
})

describe('lifeboat over the API', () => {
  it('shows the service, and a plan that cannot run as not well', async () => {
    expect(await lifeboat(['status', 'shortener'], as('viewer'))).toMatchObject({
      code: 0,
      out: expect.stringContaining('shortener'),
    })
    const shown = await lifeboat(['plan', 'shortener', '--json'], as('viewer'))
    expect(shown.code).toBe(3)
    expect(JSON.parse(shown.out)).toMatchObject({ runnable: false })
  })

  it('says by its exit code what kind of no it is', async () => {
    const asked = ['request', 'shortener', '--reason', 'a test']
    expect((await lifeboat(asked, as('operator'))).code).toBe(1)
    expect((await lifeboat(asked, as('viewer'))).code).toBe(4)
    expect((await lifeboat(asked, { LIFEBOAT_TOKEN: 'wrong' })).code).toBe(4)
    expect((await lifeboat(['request', 'shortener'], as('operator'))).code).toBe(2)
    expect((await lifeboat(asked, { ...as('operator'), LIFEBOAT_URL: 'http://127.64.77.2:1' })).code).toBe(5)
  })
})

describe('lifeboat audit', () => {
  it('exports a trail that verifies offline, and does not after one byte of it was changed or cut', async () => {
    const file = join(folder, 'audit.ndjson')
    const exported = await lifeboat(['audit', 'export', '--out', file, '--json'])
    expect(exported.code).toBe(0)
    const { head } = JSON.parse(exported.out)
    const offline = { LIFEBOAT_DATABASE_URL: '', LIFEBOAT_URL: '' }
    const known = ['--head', `${head.seq}:${head.hash}`]
    const anchors = join(folder, 'anchor.json')
    await writeFile(anchors, JSON.stringify({ seq: head.seq, hash: head.hash, anchoredAt: new Date().toISOString() }))
    expect((await lifeboat(['audit', 'verify', file, ...known, '--anchors', anchors], offline)).code).toBe(0)

    const text = await readFile(file, 'utf8')
    const changed = join(folder, 'changed.ndjson')
    await writeFile(changed, text.replace('config.apply', 'config.applz'))
    const verdict = await lifeboat(['audit', 'verify', changed, '--json'], offline)
    expect(verdict.code).toBe(3)
    expect(JSON.parse(verdict.out)).toMatchObject({ ok: false, reason: expect.stringContaining('changed') })

    const cut = join(folder, 'cut.ndjson')
    await writeFile(cut, text.split('\n').slice(0, -2).join('\n'))
    expect((await lifeboat(['audit', 'verify', cut], offline)).code).toBe(0)
    expect((await lifeboat(['audit', 'verify', cut, '--anchors', anchors], offline)).code).toBe(3)
    expect((await lifeboat(['audit', 'verify', cut, ...known], offline)).code).toBe(3)
  })
})

describe('lifeboat', () => {
  it('explains itself', async () => {
    expect((await lifeboat(['--help'])).out).toContain('Exit code')
    expect((await lifeboat(['conjure'])).code).toBe(2)
    expect((await lifeboat(['status', '--frobnicate'])).code).toBe(2)
  })
})
