import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createConnection } from 'node:net'
import { until } from './worker-tools'

export type TestRedis = { url: string; start(): Promise<void>; kill(): Promise<void> }

/** A Redis of a test's own at `127.<net>.1.1:16379`, not started yet. `kill` is SIGKILL: everything in it is lost. */
export function testRedis(net: number): TestRedis {
  const host = `127.${net}.1.1`
  const port = 16379
  let server: ChildProcess | null = null
  return {
    url: `redis://${host}:${port}`,
    async start() {
      const options = ['--bind', host, '--port', String(port), '--save', '', '--appendonly', 'no']
      server = spawn('redis-server', options, { stdio: 'ignore' })
      await until(() => listens(host, port), 'Redis listens')
    },
    async kill() {
      if (!server) return
      const gone = once(server, 'exit')
      server.kill('SIGKILL')
      await gone
      server = null
    },
  }
}

function listens(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
