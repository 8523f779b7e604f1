import { type Agent, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Backend } from '@/lab/cluster/backends'

export type ForwardTimeouts = { connectTimeoutMs: number; requestTimeoutMs: number }
/** `failed`: nothing was answered to the user yet. */
export type ForwardOutcome = { ok: true } | { ok: false; reason: string; timedOut: boolean }

/** Headers that are about one connection, not about the message. */
const hopByHop = ['connection', 'keep-alive', 'proxy-authorization', 'te', 'trailer', 'transfer-encoding', 'upgrade']

function headersFor(request: IncomingMessage) {
  const passed = Object.entries(request.headers).filter(([name]) => !hopByHop.includes(name))
  return { ...Object.fromEntries(passed), 'x-forwarded-for': request.socket.remoteAddress ?? '' }
}

/** Passes one request to one backend and its answer back. Never rejects. */
export function forward(
  agent: Agent,
  backend: Backend,
  timeouts: ForwardTimeouts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<ForwardOutcome> {
  return new Promise((resolve) => {
    const { host, port } = backend
    const { method, url: path } = request
    const outgoing = httpRequest({ host, port, method, path, headers: headersFor(request), agent })
    let timedOut = ''
    const timer = setTimeout(() => giveUp('did not answer in time'), timeouts.requestTimeoutMs)
    const connecting = setTimeout(() => giveUp('did not accept a connection in time'), timeouts.connectTimeoutMs)
    const giveUp = (reason: string) => {
      timedOut = reason
      outgoing.destroy(new Error(reason))
    }
    const end = (outcome: ForwardOutcome) => {
      clearTimeout(timer)
      clearTimeout(connecting)
      resolve(outcome)
    }
    outgoing.once('socket', (socket) => {
      if (socket.connecting) socket.once('connect', () => clearTimeout(connecting))
      else clearTimeout(connecting)
    })
    outgoing.once('error', (error) => {
      if (response.headersSent) response.destroy()
      end(
        response.headersSent
          ? { ok: true }
          : { ok: false, reason: `${backend.name}: ${error.message}`, timedOut: timedOut !== '' },
      )
    })
    outgoing.once('response', (answer) => {
      const headers = Object.entries(answer.headers).filter(([name]) => !hopByHop.includes(name))
      response.writeHead(answer.statusCode ?? 502, Object.fromEntries(headers))
      answer.pipe(response)
      answer.once('end', () => end({ ok: true }))
    })
    response.once('close', () => {
      if (!response.writableEnded) outgoing.destroy()
    })
    if (request.method === 'GET' || request.method === 'HEAD') outgoing.end()
    else request.pipe(outgoing)
  })
}
