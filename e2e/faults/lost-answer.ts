import { once } from 'node:events'
import { createConnection, createServer, type Server, type Socket } from 'node:net'

/**
 * A link that loses one answer: the first request whose head contains `marker` is passed on whole, its answer is read to see that the work was done, and is thrown away
 * with the connection. Everything else passes.
 */
export class LosesAnswer {
  lost = 0
  private server: Server | null = null
  private readonly sockets = new Set<Socket>()

  constructor(
    private readonly listen: { host: string; port: number },
    private readonly target: { host: string; port: number },
    private readonly marker: RegExp,
    private readonly times = 1,
  ) {}

  async open(): Promise<void> {
    this.server = createServer((inner) => this.accept(inner)).listen(this.listen.port, this.listen.host)
    await once(this.server, 'listening')
  }

  close(): void {
    this.server?.close()
    for (const socket of this.sockets) socket.destroy()
  }

  private accept(inner: Socket): void {
    const outer = createConnection(this.target)
    let loses = false
    for (const socket of [inner, outer]) {
      this.sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        this.sockets.delete(socket)
        inner.destroy()
        outer.destroy()
      })
    }
    inner.on('data', (chunk: Buffer) => {
      if (this.lost < this.times && this.marker.test(chunk.toString('latin1').slice(0, 400))) {
        loses = true
        this.lost += 1
      }
      outer.write(chunk)
    })
    outer.on('data', (chunk: Buffer) => {
      if (!loses) inner.write(chunk)
      else inner.destroy()
    })
  }
}
