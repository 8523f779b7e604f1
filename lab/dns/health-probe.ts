import { request } from 'node:http'
import { connect } from 'node:net'
import type { HealthCheck } from '@/lab/dns/model'

export type ProbeOutcome = { ok: boolean; status: string }

/** Route 53 looks for the search string in this much of the body. */
const searchedBytes = 5_120

/** One look at an endpoint, as one checker does it. Never rejects; ends within `timeoutMs`. */
export function probeEndpoint(check: HealthCheck, timeoutMs: number): Promise<ProbeOutcome> {
  return check.type === 'TCP' ? probeTcp(check, timeoutMs) : probeHttp(check, timeoutMs)
}

function failure(reason: string): ProbeOutcome {
  return { ok: false, status: `Failure: ${reason}` }
}

function probeTcp(check: HealthCheck, timeoutMs: number): Promise<ProbeOutcome> {
  return new Promise((resolve) => {
    const socket = connect({ host: check.ipAddress, port: check.port })
    const end = (outcome: ProbeOutcome) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(outcome)
    }
    const timer = setTimeout(() => end(failure('The connection timed out.')), timeoutMs)
    socket.once('connect', () => end({ ok: true, status: 'Success: TCP connection established.' }))
    socket.once('error', (error) => end(failure(error.message)))
  })
}

function probeHttp(check: HealthCheck, timeoutMs: number): Promise<ProbeOutcome> {
  return new Promise((resolve) => {
    const outgoing = request({
      host: check.ipAddress,
      port: check.port,
      path: check.resourcePath ?? '/',
      agent: false,
      headers: {
        host: check.fullyQualifiedDomainName ?? `${check.ipAddress}:${check.port}`,
        'user-agent': `Amazon-Route53-Health-Check-Service (ref ${check.id})`,
      },
    })
    const end = (outcome: ProbeOutcome) => {
      clearTimeout(timer)
      outgoing.destroy()
      resolve(outcome)
    }
    const timer = setTimeout(() => end(failure('The endpoint did not answer in time.')), timeoutMs)
    outgoing.on('error', (error) => end(failure(error.message)))
    outgoing.once('response', (response) => {
      const code = response.statusCode ?? 0
      const line = `HTTP Status Code ${code}, ${response.statusMessage ?? ''}`
      if (code < 200 || code >= 400) return end(failure(line))
      if (check.type === 'HTTP') return end({ ok: true, status: `Success: ${line}` })
      let body = Buffer.alloc(0)
      const found = () => body.subarray(0, searchedBytes).includes(check.searchString ?? '')
      response.on('data', (part: Buffer) => {
        body = Buffer.concat([body, part])
        if (found()) end({ ok: true, status: `Success: ${line}` })
        else if (body.length >= searchedBytes) end(failure('The search string was not found.'))
      })
      response.once('end', () => end(failure('The search string was not found.')))
    })
    outgoing.end()
  })
}
