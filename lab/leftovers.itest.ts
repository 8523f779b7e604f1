import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { claimState, readLabFile, writeLabFile } from '@/lab/lab-file'
import { endLeftovers } from '@/lab/leftovers'
import { type LabPaths, labPaths } from '@/lab/paths'
import { identityOf, isAlive, killBelow, type ProcessIdentity, processesBelow } from '@/lab/processes'
import { eventually } from '@/lab/testing'

const net = 62
let root: string
let paths: LabPaths
let bystander: ChildProcess

/** A supervisor as ours: processes in sessions of their own, noted in lab.json; then it only waits to be killed. */
const supervisorScript = `
  const { spawn } = require('node:child_process')
  const script = 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000);' +
    'require("node:fs").writeFileSync(process.env.DEAF + process.pid, "")'
  const start = (cwd) => spawn(process.execPath, ['-e', script], { cwd, detached: true, stdio: 'ignore' }).pid
  console.log(JSON.stringify({ elsewhere: start('/'), outside: start(process.env.OUTSIDE), machine: start(process.env.MACHINE) }))
  setInterval(() => {}, 1000)
`

async function startSupervisor(): Promise<{ supervisor: ChildProcess; pids: Record<string, number> }> {
  const env = {
    ...process.env,
    OUTSIDE: join(paths.outside, 'dns'),
    MACHINE: paths.machine('db-east-1'),
    DEAF: join(root, 'deaf-'),
  }
  const supervisor = spawn(process.execPath, ['-e', supervisorScript], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  supervisor.stdout?.on('data', (bytes) => {
    said += String(bytes)
  })
  const line = await eventually('the pids', () => (said.includes('}') ? said : false))
  return { supervisor, pids: JSON.parse(line) as Record<string, number> }
}

function identity(pid: number | undefined): ProcessIdentity {
  const found = pid === undefined ? null : identityOf(pid)
  if (found === null) throw new Error(`no process ${pid}`)
  return found
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lifeboat-leftovers-'))
  // Open to PostgreSQL's user: otherwise the machines would lie outside of what this test removes.
  chmodSync(root, 0o755)
  paths = labPaths(root)
  for (const directory of [
    join(paths.outside, 'dns'),
    paths.machine('db-east-1'),
    paths.control,
    join(root, 'other'),
  ]) {
    mkdirSync(directory, { recursive: true })
  }
  bystander = spawn('sleep', ['600'], { cwd: join(root, 'other'), detached: true, stdio: 'ignore' })
})

afterEach(async () => {
  await killBelow([root])
  rmSync(root, { recursive: true })
})

describe('what a killed supervisor left', () => {
  it('is found by pid and by working directory, frozen or deaf to SIGTERM, and ended; nobody else is', async () => {
    const { supervisor, pids } = await startSupervisor()
    const left = Object.values(pids).map(identity)
    await eventually('all of them to be deaf', () => left.every((one) => existsSync(join(root, `deaf-${one.pid}`))))
    writeLabFile(paths, {
      net,
      consoleUrl: 'http://127.0.0.1:3262',
      startedAt: new Date().toISOString(),
      stateDirectory: root,
      supervisor: identity(supervisor.pid),
      processes: [{ ...identity(pids.elsewhere), name: 'console', logFile: '', restarts: 0 }],
    })
    process.kill(identity(pids.machine).pid, 'SIGSTOP')
    supervisor.kill('SIGKILL')
    await eventually('the end of the supervisor', () => supervisor.signalCode === 'SIGKILL')
    expect(left.every(isAlive)).toBe(true)

    expect(await endLeftovers(paths)).toBe(3)
    expect(left.some(isAlive)).toBe(false)
    expect(processesBelow([root]).map((one) => one.pid)).toEqual([bystander.pid])
    expect(await endLeftovers(paths)).toBe(0)
  })

  it('does not end a stranger who got a noted pid', async () => {
    const stranger = identity(bystander.pid)
    writeLabFile(paths, {
      net,
      consoleUrl: 'http://127.0.0.1:3262',
      startedAt: new Date().toISOString(),
      stateDirectory: root,
      supervisor: stranger,
      processes: [{ pid: stranger.pid, startTicks: stranger.startTicks - 1, name: 'dns', logFile: '', restarts: 0 }],
    })
    expect(await endLeftovers(paths)).toBe(0)
    expect(isAlive(stranger)).toBe(true)
  })

  it('a broken lab.json is no obstacle', async () => {
    writeFileSync(paths.labFile, '{"net":')
    expect(readLabFile(paths)).toBeNull()
    expect(await endLeftovers(paths)).toBe(0)
  })
})

describe('the claim on a state directory', () => {
  it('is refused while its owner lives, with the URL, and free once given back or its owner is dead', async () => {
    const giveBack = claimState(paths, 'http://127.0.0.1:3262')
    expect(() => claimState(paths, 'http://127.0.0.1:9')).toThrow(/already runs at http:\/\/127\.0\.0\.1:3262/)
    giveBack()
    writeFileSync(paths.claim, JSON.stringify({ pid: process.pid, startTicks: 1, consoleUrl: 'http://127.0.0.1:1' }))
    claimState(paths, 'http://127.0.0.1:2')()
  })
})
