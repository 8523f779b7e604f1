import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { delayedRegion, hostAddress } from '@/lab/addressing'
import { delayedId } from '@/lab/config/names'
import type { Lab } from '@/lab/lab'
import { labPaths } from '@/lab/paths'
import { repository } from '@/lab/settings'
import { startLab } from '@/lab/start-lab'
import { eventually } from '@/lab/testing'
import { createDb, type Db } from '@/server/db/client'
import type { Role } from '@/server/domain/rights'
import type { Context } from '@/server/services/context'
import { decideRun } from '@/server/services/runs/decide'
import { previewPlan } from '@/server/services/runs/preview'
import { requestRun } from '@/server/services/runs/request'
import { describeStep } from '@/server/steps/catalog'

/** A bad migration on a whole lab: the standby that is held behind is rolled forward to the moment before it, and promoted. */
const net = 95
const stateDirectory = join(repository, '.lifeboat', 'tests', 'roll-forward')
let lab: Lab
let db: Db
let badAt: string
let runId: string

const clean = () => {
  const { data } = labPaths(stateDirectory)
  for (const path of [stateDirectory, data]) rmSync(path, { recursive: true, force: true })
}

beforeAll(async () => {
  clean()
  lab = await startLab({
    stateDirectory,
    net,
    delayed: true,
    primaryInstances: 2,
    standbyInstances: 1,
    with: { console: false, workers: true, traffic: false, control: true },
  })
  db = createDb(lab.controlDatabaseUrl, { max: 4 })
}, 240_000)

afterAll(async () => {
  await db?.$disconnect()
  await lab?.stop()
  clean()
}, 60_000)

/** Somebody with a role: the worker looks up who asked and who said yes before each step. */
async function person(role: Role): Promise<Context> {
  const id = randomUUID()
  const email = `${role}-${id.slice(0, 8)}@lifeboat.test`
  await db.user.create({ data: { id, name: role, email, grants: { create: { service: '*', role } } } })
  return {
    db,
    clock: { now: () => Date.now(), sleep: () => Promise.resolve() },
    actor: { type: 'user', id, email, via: 'session' },
    grants: [{ role, service: '*' }],
    describeStep,
    enqueueRun: async () => undefined,
  }
}

async function sql(host: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ ...lab.database('us-east', 'superuser'), host, connectionTimeoutMillis: 3_000 })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}
const east = (text: string) => sql(hostAddress(net, 'us-east', 'database'), text)
const late = (text: string) => sql(hostAddress(net, delayedRegion, 'delayed'), text)
const seen = () => lab.client.observe(delayedRegion, 2_000, 'delayed')

describe('a bad migration', () => {
  it('finds a standby that receives and is held behind', async () => {
    await eventually('the delayed standby to receive', async () => (await seen().catch(() => null))?.receiver, 90_000)
    expect(await seen()).toMatchObject({ serverId: delayedId, role: 'standby', applyDelayMs: 60_000 })
    const { databases } = await lab.status()
    expect(databases.map((each) => each.serverId)).toContain(delayedId)
  }, 120_000)

  it('is not applied there while it is everywhere else', async () => {
    await east('create table orders (id int primary key)')
    await east('insert into orders select generate_series(1, 1000)')
    const [row] = await east(
      `select to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at`,
    )
    badAt = String(row?.at)
    await east('drop table orders')
    await east('create table after_the_migration (id int)')
    const west = hostAddress(net, 'us-west', 'database')
    await eventually('the candidate to have it', async () => {
      const [found] = await sql(west, "select to_regclass('after_the_migration') as there")
      return found?.there ?? null
    })
    expect(await late("select to_regclass('after_the_migration') as there")).toEqual([{ there: null }])
  })

  it('is taken back by a run that another person approved', async () => {
    const inputs = { source: 'delayed-standby', at: badAt, acceptLossAfter: true }
    const asker = await person('operator')
    const preview = await eventually('a plan without blockers', async () => {
      const built = await previewPlan(asker, { service: 'shortener', kind: 'restore', inputs })
      return built.runnable ? built : null
    })
    expect(preview.plan.to.serverId).toBe(delayedId)
    const asked = { service: 'shortener', kind: 'restore', inputs, reason: 'the migration dropped the orders table' }
    runId = (await requestRun(asker, asked)).runId
    const { digest } = await db.run.findUniqueOrThrow({ where: { id: runId } })
    await decideRun(await person('approver'), { runId, decision: 'approve', digest, comment: 'go' })
    const run = await eventually(
      'the run to end',
      async () => {
        const now = await db.run.findUniqueOrThrow({ where: { id: runId } })
        return ['awaiting_approval', 'approved', 'running'].includes(now.state) ? null : now
      },
      180_000,
    )
    const steps = await db.runStep.findMany({ where: { runId }, orderBy: { position: 'asc' } })
    const took = (from: Date | null, to: Date | null) =>
      (((to?.getTime() ?? 0) - (from?.getTime() ?? 0)) / 1000).toFixed(2)
    console.log(steps.map((step) => `${took(step.startedAt, step.endedAt)} s ${step.stepId} ${step.state}`).join('\n'))
    console.log(`from the request to the end ${took(run.requestedAt, run.endedAt)} s`)
    expect(run.state, run.stateReason ?? '').toBe('succeeded')
  }, 240_000)

  it('leaves the data of the moment before, writable, and the old primary fenced with the rest', async () => {
    expect(await late('select count(*)::int as rows from orders')).toEqual([{ rows: 1000 }])
    expect(await late("select to_regclass('after_the_migration') as there")).toEqual([{ there: null }])
    await late('insert into orders values (1001)')
    expect(await seen()).toMatchObject({ role: 'primary', timeline: 2, replay: null })
    expect(await lab.client.observe('us-east')).toMatchObject({ state: 'stopped', standbySignal: true })
    expect(await lab.client.observe('us-west')).toMatchObject({ state: 'stopped' })
  })

  it('serves users from there', async () => {
    const answer = await eventually('a link to be created', async () => {
      const made = await fetch(`http://${hostAddress(net, 'us-west', 'endpoint')}:18080/links`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ url: 'https://example.com/after' }),
      })
      return made.ok ? made : null
    })
    expect(answer.status).toBeLessThan(300)
  })
})
