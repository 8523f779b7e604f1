import { once } from 'node:events'
import { createConnection, createServer, type Server, type Socket } from 'node:net'

export type Forwarder = { host: string; port: number; cut(): Promise<void>; heal(): Promise<void> }

/** A TCP link of a test's own that can be cut, with every open connection, and healed. Starts whole. */
export async function startForwarder(
  host: string,
  port: number,
  target: { host: string; port: number },
): Promise<Forwarder> {
  const sockets = new Set<Socket>()
  let server: Server | null = null
  const accept = (inner: Socket): void => {
    const outer = createConnection(target)
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      sockets.add(from)
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
      from.pipe(to)
    }
  }
  const forwarder: Forwarder = {
    host,
    port,
    async cut() {
      if (!server) return
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
      server = null
    },
    async heal() {
      server = createServer(accept).listen(port, host)
      await once(server, 'listening')
    },
  }
  await forwarder.heal()
  return forwarder
}
