import { createServer, type RequestListener, type Server } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { closeServer, listen } from '@/lab/http-service'
import type { Resolver } from '@/server/ports/managed'
import { createNames } from '../names'
import { createHttpProbe } from './http-probe'

const good = '127.66.1.10'
const hanging = '127.66.2.10'
const port = 18080
const target = 'https://example.com/lifeboat-synthetic'
const seen: { host: string | undefined; method: string | undefined; body: string }[] = []
const servers: Server[] = []

const shortener: RequestListener = (request, response) => {
  let body = ''
  request.on('data', (chunk) => {
    body += chunk
  })
  request.on('end', () => {
    seen.push({ host: request.headers.host, method: request.method, body })
    if (request.url === '/health') return response.writeHead(200).end('ok')
    if (request.url === '/moved') return response.writeHead(302, { location: '/health' }).end()
    if (request.url === '/broken') return response.writeHead(503).end()
    if (request.url === '/half') return response.writeHead(200, { 'content-length': 100 }).end('half')
    if (request.url === '/links') return response.writeHead(201).end(JSON.stringify({ code: 'aB3', url: target }))
    if (request.url === '/codeless') return response.writeHead(201).end('{}')
    if (request.url === '/aB3') return response.writeHead(302, { location: target }).end()
    return response.writeHead(404).end()
  })
}
async function serve(address: string, listener: RequestListener): Promise<void> {
  const server = createServer(listener)
  await listen(server, address, port)
  servers.push(server)
}
const answering = (answer: string): Resolver => ({
  address: '127.66.0.1:53',
  resolve: async () => ({ answers: [answer], ttlSeconds: 2, tookMs: 1 }),
})
const probe = createHttpProbe(createNames(null), 'lifeboat/test')
const user = {
  resolver: answering(good),
  name: 'go.lab',
  port,
  createPath: '/links',
  followPath: '/{code}',
  target,
  timeoutMs: 1_000,
}

beforeAll(async () => {
  await serve(good, shortener)
  // Takes the request and never says a word.
  await serve(hanging, () => undefined)
})
afterAll(async () => {
  for (const server of servers) await closeServer(server)
})

describe('a probe', () => {
  it('is ok for a success, with the address that answered', async () => {
    const result = await probe.get(`http://${good}:${port}/health`, 1_000)
    expect(result).toMatchObject({ ok: true, status: 200, failure: null, address: good })
  })

  it.each([
    ['a redirect, which it does not follow', '/moved', 302, 'answered 302'],
    ['an error', '/broken', 503, 'answered 503'],
    ['half an answer', '/half', null, 'the connection was'],
  ])('says what is wrong with %s', async (_what, path, status, failure) => {
    const result = await probe.get(`http://${good}:${port}${path}`, 1_000)
    expect(result).toMatchObject({ ok: false, status, failure: expect.stringContaining(failure) })
  })

  it('gives up on a server that hangs, in time', async () => {
    const startedAt = performance.now()
    const result = await probe.get(`http://${hanging}:${port}/health`, 150)
    expect(performance.now() - startedAt).toBeLessThan(3_000)
    expect(result).toMatchObject({ ok: false, status: null, failure: 'no answer within 150 ms' })
  })

  it('says that nobody listens', async () => {
    const result = await probe.get(`http://127.66.9.9:${port}/health`, 500)
    expect(result).toMatchObject({ ok: false, failure: 'the connection was refused' })
  })
})

describe('a user', () => {
  it('creates and follows through the name, at the address that was resolved', async () => {
    seen.length = 0
    const result = await probe.createAndFollow(user)
    expect(result).toMatchObject({ ok: true, code: 'aB3', status: 302, failure: null, address: good })
    expect(seen).toEqual([
      { host: `go.lab:${port}`, method: 'POST', body: JSON.stringify({ url: target }) },
      { host: `go.lab:${port}`, method: 'GET', body: '' },
    ])
  })

  it.each([
    ['no code', { createPath: '/codeless' }, 'creating a link: answered 201 without a code'],
    ['a refusal', { createPath: '/broken' }, 'creating a link: answered 503'],
    ['a dead link', { followPath: '/no-{code}' }, 'following the link: answered 404'],
    ['another target', { target: 'https://example.com/other' }, `following the link: it leads to ${target}`],
    ['nobody', { resolver: answering('127.66.9.9') }, 'creating a link: the connection was refused'],
    ['silence', { resolver: answering(hanging), timeoutMs: 150 }, 'creating a link: no answer within'],
  ])('meets %s', async (_what, change, failure) => {
    const result = await probe.createAndFollow({ ...user, ...change })
    expect(result).toMatchObject({ ok: false, failure: expect.stringContaining(failure) })
    expect(result.latencyMs).toBeLessThan(3_000)
  })

  it('meets a resolver that does not answer', async () => {
    const resolver: Resolver = {
      address: 'r',
      resolve: async () => Promise.reject(new Error('resolver r did not answer')),
    }
    expect(await probe.createAndFollow({ ...user, resolver })).toMatchObject({
      ok: false,
      failure: 'resolver r did not answer',
      code: null,
    })
  })
})
