import { z } from 'zod'
import type { HttpProbe, ProbeResult, Resolver } from '@/server/ports/managed'
import { connectionFailure, errorText } from '../errors'
import { type HttpAnswer, HttpTimeout, sendRequest } from '../http-request'
import type { Names } from '../names'

/** What the shortener answers to a create: the code is all that following needs. */
const created = z.object({ code: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/) })
type ByName = { resolver: Resolver; name: string; port: number; timeoutMs: number }

/** HTTP as a user would do it, on connections of its own. A failed probe is a result, never an exception; redirects are results too. */
export function createHttpProbe(names: Names, userAgent: string): HttpProbe {
  const headers = { 'user-agent': userAgent, accept: 'application/json, text/plain, */*' }

  const getByName: HttpProbe['getByName'] = ({ resolver, name, port, path, timeoutMs }) =>
    probe(timeoutMs, async (leftMs) => {
      const address = await resolveFirst({ resolver, name, port, timeoutMs })
      const url = `http://${name}:${port}${path}`
      return settle(await tryRequest({ url, method: 'GET', headers, address, timeoutMs: leftMs() }), address)
    })

  return {
    get: (url, timeoutMs) =>
      probe(timeoutMs, async () =>
        settle(await tryRequest({ url, method: 'GET', headers, timeoutMs, lookup: names.socketLookup }), null),
      ),
    getByName,
    async createAndFollow({ resolver, name, port, createPath, followPath, target, timeoutMs }) {
      let code: string | null = null
      const result = await probe(timeoutMs, async (leftMs) => {
        const address = await resolveFirst({ resolver, name, port, timeoutMs })
        const origin = `http://${name}:${port}`
        const create = await tryRequest({
          url: `${origin}${createPath}`,
          method: 'POST',
          headers: { ...headers, 'content-type': 'application/json' },
          body: JSON.stringify({ url: target }),
          address,
          timeoutMs: leftMs(),
        })
        code = readCode(create)
        if (code === null) return settle(create, address, `creating a link: ${createFailure(create)}`)
        const url = `${origin}${followPath.replace('{code}', encodeURIComponent(code))}`
        const follow = await tryRequest({ url, method: 'GET', headers, address, timeoutMs: leftMs() })
        return settle(follow, address, followFailure(follow, target))
      })
      return { ...result, code }
    },
  }
}

type Attempt = { answer: HttpAnswer } | { failure: string }
type Settled = Omit<ProbeResult, 'latencyMs'>

async function tryRequest(input: Parameters<typeof sendRequest>[0]): Promise<Attempt> {
  try {
    return { answer: await sendRequest(input) }
  } catch (error) {
    return { failure: failureWords(error) }
  }
}

/** Clocks one probe. `leftMs` is what remains of its time for the next request. */
async function probe(timeoutMs: number, work: (leftMs: () => number) => Promise<Settled>): Promise<ProbeResult> {
  const startedAt = performance.now()
  const elapsed = () => performance.now() - startedAt
  let settled: Settled
  try {
    settled = await work(() => Math.max(1, Math.ceil(timeoutMs - elapsed())))
  } catch (error) {
    settled = { ok: false, status: null, failure: failureWords(error), address: null }
  }
  return { ...settled, latencyMs: Math.round(elapsed()) }
}

/** `failure` says what was wrong with an answer that arrived; undefined leaves the judgement to the status. */
function settle(attempt: Attempt, address: string | null, failure?: string | null): Settled {
  if ('failure' in attempt) return { ok: false, status: null, failure: failure ?? attempt.failure, address }
  const { status } = attempt.answer
  const words = failure === undefined ? (status >= 200 && status <= 299 ? null : `answered ${status}`) : failure
  return { ok: words === null, status, failure: words, address: address ?? attempt.answer.address }
}

async function resolveFirst({ resolver, name }: ByName): Promise<string> {
  const { answers } = await resolver.resolve(name)
  const [address] = answers
  if (address === undefined) throw new Error(`resolver ${resolver.address} gave no address for ${name}`)
  return address
}

function readCode(attempt: Attempt): string | null {
  if ('failure' in attempt || attempt.answer.status < 200 || attempt.answer.status > 299) return null
  try {
    return created.parse(JSON.parse(attempt.answer.body)).code
  } catch {
    return null
  }
}

function createFailure(attempt: Attempt): string {
  if ('failure' in attempt) return attempt.failure
  const { status } = attempt.answer
  return status >= 200 && status <= 299 ? `answered ${status} without a code` : `answered ${status}`
}

function followFailure(attempt: Attempt, target: string): string | null {
  if ('failure' in attempt) return `following the link: ${attempt.failure}`
  const { status, headers } = attempt.answer
  if (status !== 301 && status !== 302) return `following the link: answered ${status}`
  return headers.location === target ? null : `following the link: it leads to ${headers.location ?? 'nowhere'}`
}

function failureWords(error: unknown): string {
  if (error instanceof HttpTimeout) return error.message
  return connectionFailure(error) ?? errorText(error)
}
