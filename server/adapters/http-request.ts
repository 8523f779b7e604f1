import { request as httpRequest, type IncomingHttpHeaders, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'

export type HttpRequest = {
  url: string
  method: 'GET' | 'POST'
  headers?: Record<string, string>
  body?: string
  /** From the first byte sent to the last byte read, the connection included. */
  timeoutMs: number
  lookup?: LookupFunction
  /** Connect here whatever the URL's host says; the Host header stays the URL's. */
  address?: string
}
export type HttpAnswer = { status: number; headers: IncomingHttpHeaders; body: string; address: string | null }

/** No answer that we ask for is near this; a server that sends more is not the one we think. */
const maxBodyBytes = 4 * 1024 * 1024

export class HttpTimeout extends Error {
  override readonly name = 'HttpTimeout'
}

/** One request on a connection of its own: a kept connection could belong to a server that is no longer there. Follows no redirect. */
export function sendRequest(input: HttpRequest): Promise<HttpAnswer> {
  const url = new URL(input.url)
  const secure = url.protocol === 'https:'
  const options: RequestOptions & { servername?: string } = {
    host: input.address ?? url.hostname,
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    path: `${url.pathname}${url.search}`,
    method: input.method,
    headers: {
      host: url.host,
      connection: 'close',
      ...(input.body === undefined ? {} : { 'content-length': Buffer.byteLength(input.body) }),
      ...input.headers,
    },
    agent: false,
    lookup: input.lookup,
    ...(secure && { servername: url.hostname }),
  }
  return new Promise((resolve, reject) => {
    const outgoing = (secure ? httpsRequest : httpRequest)(options)
    const timer = setTimeout(
      () => outgoing.destroy(new HttpTimeout(`no answer within ${input.timeoutMs} ms`)),
      input.timeoutMs,
    )
    const fail = (error: Error) => {
      clearTimeout(timer)
      reject(error)
    }
    outgoing.on('error', fail)
    outgoing.on('response', (incoming) => {
      const address = incoming.socket.remoteAddress ?? null
      const chunks: Buffer[] = []
      let bytes = 0
      incoming.on('error', fail)
      incoming.on('aborted', () => fail(new Error('socket hang up')))
      incoming.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        chunks.push(chunk)
        if (bytes > maxBodyBytes) outgoing.destroy(new Error(`the answer is larger than ${maxBodyBytes} bytes`))
      })
      incoming.on('end', () => {
        clearTimeout(timer)
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          body: Buffer.concat(chunks).toString('utf8'),
          address,
        })
      })
    })
    outgoing.end(input.body)
  })
}
