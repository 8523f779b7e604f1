import { request } from 'node:http'

export interface JsonAnswer {
  status: number
  body: unknown
}

/**
 * One HTTP request with JSON both ways, on a connection of its own: the other end may be killed, cut off or frozen at any
 * moment, and a kept connection would only tell so late.
 * @throws Error when there is no answer within `timeoutMs`
 */
export function requestJson(options: {
  method: 'GET' | 'POST'
  host: string
  port: number
  path: string
  token?: string
  body?: unknown
  timeoutMs: number
}): Promise<JsonAnswer> {
  const { method, host, port, path } = options
  const text = options.body === undefined ? undefined : JSON.stringify(options.body)
  return new Promise((resolve, reject) => {
    const headers = {
      ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
      ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    }
    const signal = AbortSignal.timeout(options.timeoutMs)
    const call = request({ method, host, port, path, headers, agent: false, signal }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (bytes: Buffer) => parts.push(bytes))
      response.on('error', reject)
      response.on('end', () => {
        const answer = Buffer.concat(parts).toString('utf8')
        resolve({ status: response.statusCode ?? 0, body: parse(answer) })
      })
    })
    call.on('error', (error) => {
      reject(signal.aborted ? new Error(`${host}:${port} did not answer in ${options.timeoutMs} ms`) : error)
    })
    call.end(text)
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
