import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hostAddress, ports, viewAddress } from '@/lab/addressing'
import { Network } from '@/lab/network/network'
import { eventually } from '@/lab/testing'

const net = 62
const target = { host: hostAddress(net, 'us-east', 'database'), port: ports.postgres }
const view = { host: viewAddress(net, 'us-west', 'us-east', 'database'), port: ports.postgres }

/** Long against loopback, so that "nothing came" means held and not late. */
const silenceMs = 300

let directory: string
let network: Network
let echo: Server
let arrived: string
let accepted: number
const sockets: Socket[] = []

async function open(): Promise<{ socket: Socket; text: () => string; state: () => string }> {
  const socket = connect({ ...view, allowHalfOpen: true })
  sockets.push(socket)
  let received = ''
  let state = 'open'
  socket.on('data', (bytes) => {
    received += bytes.toString()
  })
  socket.on('end', () => {
    state = 'ended'
  })
  socket.on('error', () => {
    state = 'reset'
  })
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()))
  return { socket, text: () => received, state: () => state }
}

async function stays(what: () => unknown, value: unknown): Promise<void> {
  const until = Date.now() + silenceMs
  while (Date.now() < until) {
    expect(what()).toEqual(value)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function startEcho(): Promise<void> {
  arrived = ''
  accepted = 0
  echo = createServer({ allowHalfOpen: true }, (socket) => {
    accepted += 1
    sockets.push(socket)
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => {
      arrived += bytes.toString()
      socket.write(bytes)
    })
    socket.on('end', () => socket.end('bye'))
  })
  await new Promise<void>((resolve) => echo.listen(target.port, target.host, resolve))
}

const fault = (mode: 'open' | 'cut' | 'cut-in' | 'cut-out' | 'slow', ms?: number) =>
  network.apply({ zone: 'us-east', viewers: ['us-west'], mode, ms })

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lifeboat-network-'))
  network = new Network(net, join(directory, 'faults.json'))
  await network.listen()
  await startEcho()
})

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await network.close()
  await new Promise((resolve) => echo.close(resolve))
  await rm(directory, { recursive: true })
})

describe('a link', () => {
  it('carries bytes and a half-close both ways', async () => {
    const one = await open()
    one.socket.write('hello')
    await eventually('the echo', () => one.text() === 'hello')
    one.socket.end()
    await eventually('the last word after our end', () => one.text() === 'hellobye' && one.state() === 'ended')
  })

  it('carries more than a pipe holds without losing or changing a byte', async () => {
    const one = await open()
    const sent = Buffer.alloc(8 * 1024 * 1024, 'abcdefg').toString()
    one.socket.end(sent)
    await eventually('all of it', () => one.text().length === sent.length + 3, 20_000)
    expect(one.text() === `${sent}bye`).toBe(true)
  })

  it('refuses at once when nothing listens behind it', async () => {
    await new Promise((resolve) => echo.close(resolve))
    const one = await open()
    await eventually('the reset', () => one.state() === 'reset', 1_000)
    await startEcho()
  })

  it('passes on that the target was killed', async () => {
    const one = await open()
    const peer = await eventually('the accepted socket', () => sockets.find((socket) => socket !== one.socket))
    peer.resetAndDestroy()
    await eventually('the reset', () => one.state() === 'reset', 1_000)
  })

  it('is a black hole while cut: open connections fall silent and go on after the heal, new ones never get through', async () => {
    const before = await open()
    before.socket.write('1')
    await eventually('the echo', () => before.text() === '1')
    await fault('cut')
    before.socket.write('2')
    const during = await open()
    during.socket.write('lost')
    await stays(() => [before.text(), before.state(), arrived, during.state(), accepted], ['1', 'open', '1', 'open', 1])

    await fault('open')
    await eventually('the held bytes', () => before.text() === '12')
    await eventually('the silent connection to be dropped', () => during.state() === 'reset')
    expect(accepted).toBe(1)
    const after = await open()
    after.socket.write('3')
    await eventually('a new connection to work', () => after.text() === '3')
  })

  it('one way out: requests arrive, answers do not', async () => {
    const one = await open()
    await eventually('acceptance', () => accepted === 1)
    await fault('cut-out')
    one.socket.write('a')
    await eventually('the request', () => arrived === 'a')
    const fresh = await open()
    fresh.socket.write('b')
    await eventually('the request of a new connection', () => arrived === 'ab')
    await stays(() => one.text() + fresh.text(), '')
    await fault('open')
    await eventually('the answers', () => one.text() === 'a' && fresh.text() === 'b')
  })

  it('one way in: requests do not arrive, what was under way outward does', async () => {
    const one = await open()
    const peer = await eventually('the accepted socket', () => sockets.find((socket) => socket !== one.socket))
    await fault('cut-in')
    one.socket.write('a')
    peer.write('pushed')
    await eventually('what the zone sent', () => one.text() === 'pushed')
    await stays(() => arrived, '')
    await fault('open')
    await eventually('the held request', () => arrived === 'a')
  })

  it('slow: each way takes the delay, in order, without making a queue of it', async () => {
    const one = await open()
    await fault('slow', 150)
    const begun = Date.now()
    for (let i = 0; i < 10; i++) {
      one.socket.write(String(i))
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await eventually('all digits', () => one.text().length === 10)
    expect(one.text()).toBe('0123456789')
    const tookMs = Date.now() - begun
    expect(tookMs).toBeGreaterThanOrEqual(300)
    expect(tookMs).toBeLessThan(3_000)
  })

  it('stays cut when the network process starts again', async () => {
    await fault('cut')
    await network.close()
    network = new Network(net, join(directory, 'faults.json'))
    await network.listen()
    const one = await open()
    one.socket.write('x')
    await stays(() => [one.state(), accepted], ['open', 0])
  })

  it('mirrors a fault between regions, and touches nobody else', async () => {
    await fault('cut-in')
    const modes = network.status().filter((line) => line.mode !== 'open')
    expect(new Set(modes.map((line) => `${line.viewer}>${line.zone} ${line.mode}`))).toEqual(
      new Set(['us-west>us-east cut-in', 'us-east>us-west cut-out']),
    )
  })
})
