import { createSocket, type Socket } from 'node:dgram'
import { createServer, type Socket as TcpSocket } from 'node:net'
import * as dns from 'dns-packet'
import { encodeForUdp, rcode, respond } from '@/lab/dns/wire'

export type DnsHandler = (query: dns.DecodedPacket, clientAddress: string) => dns.Packet | Promise<dns.Packet>

/** An idle TCP client is let go after this long. */
const tcpIdleMs = 5_000

/** Serves DNS over UDP and TCP at one address. @returns how to stop */
export async function serveDns(host: string, port: number, handler: DnsHandler): Promise<() => Promise<void>> {
  const udp = createSocket('udp4')
  udp.on('message', (message, peer) => {
    void handle(handler, message, peer.address, (query, response) => {
      udp.send(encodeForUdp(query, response), peer.port, peer.address, () => undefined)
    })
  })
  await bindUdp(udp, host, port)
  const clients = new Set<TcpSocket>()
  const tcp = createServer((socket) => {
    clients.add(socket)
    socket.once('close', () => clients.delete(socket))
    serveTcp(socket, handler)
  })
  await new Promise<void>((resolve, reject) => {
    tcp.once('error', reject)
    tcp.listen(port, host, resolve)
  })
  return async () => {
    for (const client of clients) client.destroy()
    await Promise.all([
      new Promise<void>((resolve) => udp.close(() => resolve())),
      new Promise<void>((resolve) => tcp.close(() => resolve())),
    ])
  }
}

function bindUdp(socket: Socket, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(port, host, () => {
      socket.off('error', reject)
      socket.on('error', () => undefined)
      resolve()
    })
  })
}

function serveTcp(socket: TcpSocket, handler: DnsHandler): void {
  let buffered = Buffer.alloc(0)
  socket.setTimeout(tcpIdleMs, () => socket.destroy())
  socket.on('error', () => socket.destroy())
  socket.on('data', (part) => {
    buffered = Buffer.concat([buffered, part])
    while (buffered.length >= 2 && buffered.length >= 2 + buffered.readUInt16BE(0)) {
      const end = 2 + buffered.readUInt16BE(0)
      const message = buffered.subarray(2, end)
      buffered = buffered.subarray(end)
      void handle(handler, message, socket.remoteAddress ?? '', (_query, response) => {
        if (socket.writable) socket.write(dns.streamEncode(response))
      })
    }
  })
}

/** What cannot be decoded is dropped; what fails is answered with SERVFAIL. */
async function handle(
  handler: DnsHandler,
  message: Buffer,
  clientAddress: string,
  reply: (query: dns.DecodedPacket, response: dns.Packet) => void,
): Promise<void> {
  let query: dns.DecodedPacket
  try {
    query = dns.decode(message)
  } catch {
    return
  }
  if (query.flag_qr) return
  try {
    reply(query, await handler(query, clientAddress))
  } catch {
    reply(query, respond(query, rcode.serverFailure, 0))
  }
}
