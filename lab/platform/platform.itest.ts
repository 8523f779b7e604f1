import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { HostConfig, PlatformConfig } from '@/lab/platform/config'
import { Platform, TokenMismatch } from '@/lab/platform/platform'
import { killBelow, processesBelow } from '@/lab/processes'
import { eventually } from '@/lab/testing'

/** A service with a worker of its own, as PostgreSQL and the cluster have: both say who they are, and stay. */
const script = `
  const { spawn } = require('node:child_process')
  if (process.argv[1] === 'child') console.log('child ' + process.pid)
  else {
    console.log('main ' + process.pid)
    spawn(process.execPath, ['-e', process.env.SCRIPT, 'child'], { stdio: 'inherit', detached: true })
  }
  setInterval(() => undefined, 1000)
`

let root: string
let platform: Platform
let config: PlatformConfig

const machine = (hostId: string) => join(root, 'machines', hostId)
const log = (hostId: string) => join(root, `${hostId}.log`)
const found = (hostId: string) => processesBelow([machine(hostId)])

function host(hostId: string, region: HostConfig['region']): HostConfig {
  const environment = { SCRIPT: script, PATH: '/usr/bin:/bin' }
  const service = {
    name: 'service',
    program: process.execPath,
    args: ['-e', script, 'main'],
    environment,
    logFile: log(hostId),
  }
  return { hostId, region, directory: machine(hostId), processes: [service] }
}

async function pidsOf(hostId: string): Promise<{ main: number[]; child: number[] }> {
  const text = await readFile(log(hostId), 'utf8').catch(() => '')
  const pids = (word: string) => [...text.matchAll(new RegExp(`${word} (\\d+)`, 'g'))].map((match) => Number(match[1]))
  return { main: pids('main'), child: pids('child') }
}

const firstPid = (hostId: string, kind: 'main' | 'child') =>
  eventually(`the first ${kind} of ${hostId}`, async () => (await pidsOf(hostId))[kind][0])

const open = () => new Platform(config, pino({ level: 'silent' }))
const both = (hostId: string) => eventually(`two processes of ${hostId}`, () => found(hostId).length === 2)

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'lifeboat-platform-'))
  config = {
    listen: { host: '127.62.0.1', port: 15381 },
    tokenFile: '/dev/null',
    labTokenFile: '/dev/null',
    stateFile: join(root, 'platform.json'),
    hosts: [host('one', 'us-east'), host('two', 'us-west')],
  }
  platform = open()
  for (const hostId of ['one', 'two']) await firstPid(hostId, 'child')
})

afterEach(async () => {
  platform.close()
  await killBelow([join(root, 'machines')])
  await rm(root, { recursive: true })
})

describe('power', () => {
  it('off ends everything of the host, frozen grandchildren in sessions of their own too, and nothing else', async () => {
    process.kill(await firstPid('one', 'child'), 'SIGSTOP')
    await eventually('the frozen child', () => found('one').some((one) => one.frozen))
    const answer = await platform.power('one', 'stop', 'run-1')
    expect(answer?.state).toBe('stopped')
    expect(found('one')).toEqual([])
    expect(found('two')).toHaveLength(2)
    expect(platform.describe('two')?.state).toBe('running')
  })

  it('a repeated token is the same request; the same token for something else is refused', async () => {
    await platform.power('one', 'stop', 'a')
    await platform.power('one', 'start', 'b')
    await both('one')
    expect((await platform.power('one', 'stop', 'a'))?.state).toBe('running')
    expect(found('one')).toHaveLength(2)
    await expect(platform.power('two', 'stop', 'a')).rejects.toThrow(TokenMismatch)
    expect(await platform.power('nobody', 'stop', 'c')).toBeUndefined()
  })

  it('stays off when the platform starts again, and comes back on restore', async () => {
    const report = await platform.fault('kill', 'us-east', false)
    expect(report).toMatchObject({ processes: 2, hosts: [{ hostId: 'one', processes: 2 }] })
    platform.close()
    platform = open()
    const begun = Date.now()
    await eventually('some rounds of watching', () => Date.now() - begun > 1_500)
    expect(platform.describe('one')?.state).toBe('stopped')
    await platform.fault('restore', 'us-east', false)
    await both('one')
    expect(platform.describe('one')?.state).toBe('running')
  })
})

describe('watching', () => {
  it('starts a process again that ended by itself, about a second later', async () => {
    process.kill(await firstPid('one', 'main'), 'SIGKILL')
    const begun = Date.now()
    await eventually('a second main process', async () => (await pidsOf('one')).main.length === 2)
    expect(Date.now() - begun).toBeGreaterThan(900)
    expect((await pidsOf('two')).main).toHaveLength(1)
  })

  it('adopts what lives when the platform itself was away', async () => {
    platform.close()
    platform = open()
    const begun = Date.now()
    await eventually('some rounds of watching', () => Date.now() - begun > 1_500)
    expect((await pidsOf('one')).main).toHaveLength(1)
    expect(found('one')).toHaveLength(2)
  })
})

describe('freeze', () => {
  it('stops every process of the region, and thaw lets all of them go on', async () => {
    const report = await platform.fault('freeze', 'us-east', false)
    expect(report?.processes).toBe(2)
    expect(found('one').every((one) => one.frozen)).toBe(true)
    expect(found('two').some((one) => one.frozen)).toBe(false)
    expect(platform.describe('one')?.state).toBe('running')
    expect((await platform.fault('thaw', 'us-east', false))?.processes).toBe(2)
    expect(found('one').some((one) => one.frozen)).toBe(false)
  })
})
