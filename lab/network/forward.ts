import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Link } from '@/lab/addressing'
import { Direction } from '@/lab/network/direction'
import { holdsInward, holdsOutward, type LinkFault, noFault } from '@/lab/network/faults'

interface Connection {
  client: Socket
  target: Socket
  inward: Direction
  outward: Direction
}

/** One link: listens where the viewer looks, and carries each connection to the zone as the link's fault allows. */
export class Forward {
  private readonly server: Server
  private readonly connections = new Set<Connection>()
  /** Accepted by the kernel during a cut, answered by nobody. */
  private readonly silent = new Set<Socket>()
  private readonly opening = new Set<Socket>()
  private fault: LinkFault = noFault

  constructor(readonly link: Pick<Link, 'listen' | 'target' | 'port'>) {
    this.server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (client) =>
      this.accept(client),
    )
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject)
      this.server.listen({ host: this.link.listen, port: this.link.port, backlog: 511 }, resolve)
    })
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()))
    for (const { client, target } of this.connections) {
      client.destroy()
      target.destroy()
    }
    for (const socket of [...this.silent, ...this.opening]) socket.destroy()
    await closed
  }

  status() {
    return { ...this.fault, connections: this.connections.size, silent: this.silent.size }
  }

  set(fault: LinkFault): void {
    this.fault = fault
    for (const connection of this.connections) this.apply(connection)
    if (holdsInward(fault)) return
    for (const client of this.silent) client.resetAndDestroy()
    this.silent.clear()
  }

  private apply({ inward, outward }: Connection): void {
    inward.set(holdsInward(this.fault), this.fault.delayMs)
    outward.set(holdsOutward(this.fault), this.fault.delayMs)
  }

  private accept(client: Socket): void {
    if (holdsInward(this.fault)) this.keepSilent(client)
    else this.open(client)
  }

  /** Read and thrown away, so that a client which gives up is noticed and forgotten; a heal drops it anyway. */
  private keepSilent(client: Socket): void {
    this.silent.add(client)
    client.on('error', () => undefined)
    client.on('end', () => client.destroy())
    client.on('close', () => this.silent.delete(client))
    client.resume()
  }

  /** Connects onward first: when the target refuses, the viewer is refused too. */
  private open(client: Socket): void {
    const { target: host, port } = this.link
    const target = connect({ host, port, allowHalfOpen: true, noDelay: true })
    this.opening.add(client).add(target)
    const settle = () => {
      this.opening.delete(client)
      this.opening.delete(target)
    }
    const refuse = () => {
      settle()
      client.resetAndDestroy()
    }
    client.on('error', () => undefined)
    target.once('error', refuse)
    target.once('connect', () => {
      settle()
      target.off('error', refuse)
      if (client.destroyed) target.destroy()
      else this.join(client, target)
    })
  }

  private join(client: Socket, target: Socket): void {
    const inward = new Direction(client, target)
    const outward = new Direction(target, client)
    const connection = { client, target, inward, outward }
    this.connections.add(connection)
    const forget = () => {
      if (client.destroyed && target.destroyed) this.connections.delete(connection)
    }
    client.on('close', forget)
    target.on('close', forget)
    this.apply(connection)
  }
}
