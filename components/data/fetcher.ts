import { connection } from './connection'
import { problemFrom, unreachable } from './problem'

type Options = {
  method?: 'GET' | 'POST'
  body?: unknown
  idempotencyKey?: string
  headers?: Readonly<Record<string, string>>
  signal?: AbortSignal
}

/** An answer may take this long before the page calls the console unreachable. */
const patienceMs = 20_000

/**
 * The only way from the browser to the console. Gives the parsed body; throws ProblemError with what did not happen and the next step.
 * The type is a promise of the API's contract (the server validates what it sends), and the body is not read a second time here.
 */
export async function api<T>(path: string, options: Options = {}): Promise<T> {
  const { method = 'GET', body, idempotencyKey } = options
  const timeout = AbortSignal.timeout(patienceMs)
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout
  let response: Response
  try {
    response = await fetch(path, {
      method,
      signal,
      cache: 'no-store',
      credentials: 'same-origin',
      headers: {
        accept: 'application/json, application/problem+json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(idempotencyKey ? { 'idempotency-key': idempotencyKey } : {}),
        ...options.headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  } catch (error) {
    if (options.signal?.aborted) throw error
    connection.failed()
    throw unreachable(method !== 'GET')
  }
  connection.answered(Date.now())
  const text = await response.text()
  const parsed = parse(text)
  if (!response.ok) throw problemFrom(response.status, parsed, response.headers.get('x-request-id'))
  return parsed as T
}

function parse(text: string): unknown {
  try {
    return text ? JSON.parse(text) : null
  } catch {
    return null
  }
}

/** One key a press of a button: a repeat of the same press is answered with the first answer. */
export function newIdempotencyKey(): string {
  // randomUUID is missing where the page is not a secure context (plain HTTP to a host that is not loopback).
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID()
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** A query string without its empty members, with a leading `?` when there is anything to say. */
export function queryString(values: Record<string, string | number | null | undefined>): string {
  const filled = Object.entries(values).flatMap(([name, value]) =>
    value === null || value === undefined || value === '' ? [] : [[name, String(value)]],
  )
  return filled.length ? `?${new URLSearchParams(filled)}` : ''
}
