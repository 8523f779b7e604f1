import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import * as dns from 'dns-packet'
import { responseCode } from '@/lab/dns/wire'

export type DnsServer = { host: string; port: number; sourceAddress?: string | undefined }
export type DnsReply = { code: number; packet: dns.DecodedPacket }

const recordTypes = ['A', 'AAAA', 'CNAME', 'TXT', 'NS', 'SOA', 'MX', 'SRV', 'CAA', 'PTR'] as const
export type QueryType = (typeof recordTypes)[number]

export function isQueryType(type: string): type is QueryType {
  return recordTypes.some((known) => known === type)
}

/**
 * Asks one server over UDP, and over TCP when the answer did not fit.
 * @throws Error when no valid answer came within `timeoutMs`
 */
export async function queryDns(server: DnsServer, name: string, type: QueryType, timeoutMs: number): Promise<DnsReply> {
  const id = randomInt(0x10000)
  const question: dns.Packet = {
    type: 'query',
    id,
    flags: dns.RECURSION_DESIRED,
    questions: [{ type, name: name.replace(/\.$/, '') || '.', class: 'IN' }],
  }
  const startedAt = performance.now()
  const reply = await askUdp(server, question, timeoutMs)
  if (!reply.packet.flag_tc) return reply
  return askTcp(server, question, timeoutMs - (performance.now() - startedAt))
}

function decodeReply(message: Buffer, id: number | undefined): DnsReply | null {
  try {
    const packet = dns.decode(message)
    return packet.id === id && packet.flag_qr ? { code: responseCode(message), packet } : null
  } catch {
    return null
  }
}

function askUdp(server: DnsServer, question: dns.Packet, timeoutMs: number): Promise<DnsReply> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4')
    const end = (settle: () => void) => {
      clearTimeout(timer)
      socket.close()
      settle()
    }
    const timer = setTimeout(
      () => end(() => reject(new Error(`${server.host}:${server.port} did not answer`))),
      timeoutMs,
    )
    socket.once('error', (error) => end(() => reject(error)))
    socket.on('message', (message) => {
      const reply = decodeReply(message, question.id)
      if (reply) end(() => resolve(reply))
    })
    const send = () => socket.connect(server.port, server.host, () => socket.send(dns.encode(question)))
    if (server.sourceAddress === undefined) send()
    else socket.bind(0, server.sourceAddress, send)
  })
}

function askTcp(server: DnsServer, question: dns.Packet, timeoutMs: number): Promise<DnsReply> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: server.host, port: server.port, localAddress: server.sourceAddress })
    const end = (settle: () => void) => {
      clearTimeout(timer)
      socket.destroy()
      settle()
    }
    const fail = (reason: string) => end(() => reject(new Error(`${server.host}:${server.port}: ${reason}`)))
    const timer = setTimeout(() => fail('no answer over TCP'), Math.max(1, timeoutMs))
    let buffered = Buffer.alloc(0)
    socket.once('error', (error) => fail(error.message))
    socket.once('close', () => fail('closed'))
    socket.once('connect', () => socket.write(dns.streamEncode(question)))
    socket.on('data', (part) => {
      buffered = Buffer.concat([buffered, part])
      if (buffered.length < 2 || buffered.length < 2 + buffered.readUInt16BE(0)) return
      const reply = decodeReply(buffered.subarray(2, 2 + buffered.readUInt16BE(0)), question.id)
      if (reply) end(() => resolve(reply))
      else fail('answered something else')
    })
  })
}
