import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hostAddress, ports, viewAddress } from '@/lab/addressing'
import { withDatabase } from '@/lab/control'
import type { Lab } from '@/lab/lab'
import { processesBelow } from '@/lab/processes'
import { startLab } from '@/lab/start-lab'
import { eventually } from '@/lab/testing'

const net = 62
const options = { net, primaryInstances: 1, standbyInstances: 1 }
let stateDirectory: string
let lab: Lab

const position = async () => {
  const { databases } = await lab.status()
  return databases.map((one) => `${one.serverId} ${one.role}`)
}

beforeAll(async () => {
  stateDirectory = mkdtempSync(join(tmpdir(), 'lifeboat-lab-'))
  chmodSync(stateDirectory, 0o755)
  lab = await startLab({ ...options, stateDirectory, with: { workers: false, traffic: false, control: false } })
}, 240_000)

afterAll(async () => {
  await lab.stop()
  rmSync(stateDirectory, { recursive: true })
}, 30_000)

describe('a lab of two regions', () => {
  it('has a writer, a standby that streams through the network, and a name that answers us-east', async () => {
    expect(await position()).toEqual(['db-east-1 primary', 'db-west-1 standby'])
    const { name, hosts } = await lab.status()
    expect(name.answers.map((one) => one.addresses)).toEqual([
      [hostAddress(net, 'us-east', 'endpoint')],
      [hostAddress(net, 'us-east', 'endpoint')],
    ])
    expect(hosts.every((host) => host.state === 'running')).toBe(true)
    const address = lab.database('us-east', 'superuser')
    const streaming = await withDatabase(address, async (sql) => sql.query('select state from pg_stat_replication'))
    expect(streaming.rows).toEqual([{ state: 'streaming' }])
  })

  it('reaches us-east from a vantage point until it is cut off, and again after the heal', async () => {
    const seen = { ...lab.database('us-east', 'monitor'), host: viewAddress(net, 'vantage-a', 'us-east', 'database') }
    const answers = () => withDatabase(seen, async (sql) => (await sql.query('select 1')).rowCount === 1)
    expect(seen.port).toBe(ports.postgres)
    expect(await answers()).toBe(true)
    await lab.cut('us-east', ['vantage-a', 'vantage-b'])
    await expect(answers()).rejects.toThrow(/timeout/)
    await lab.heal('us-east')
    expect(await answers()).toBe(true)
  })

  it('loses a whole region to one kill, and gets it back read-only', async () => {
    const report = await lab.kill('us-east')
    expect(report.processes).toBeGreaterThan(8)
    expect(processesBelow([lab.paths.machine('db-east-1'), lab.paths.machine('app-east')])).toEqual([])
    expect(await position()).toEqual(['db-east-1 unknown', 'db-west-1 standby'])
    await lab.restore('us-east')
    await eventually('the guarded standby', async () => (await position())[0] === 'db-east-1 standby', 30_000)
  })

  it('refuses a second start in the same state directory', async () => {
    await expect(startLab({ ...options, stateDirectory })).rejects.toThrow(/already runs/)
  })
})
