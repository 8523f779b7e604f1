import { rmSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hostAddress } from '@/lab/addressing'
import type { Lab } from '@/lab/lab'
import { labPaths } from '@/lab/paths'
import { repository } from '@/lab/settings'
import { startLab } from '@/lab/start-lab'
import { eventually } from '@/lab/testing'
import { createDb, type Db } from '@/server/db/client'
import type { Role } from '@/server/domain/rights'
import { getMode } from '@/server/queries/mode'
import type { Context } from '@/server/services/context'
import { voteOnStandingApproval } from '@/server/services/mode/decide-standing-approval'
import { requestStandingApproval } from '@/server/services/mode/request-standing-approval'
import { describeStep } from '@/server/steps/catalog'

/** Automatic mode on a whole lab: two people approve in advance, a region is only slow for a moment, then it dies, and nobody is asked. */
const net = 93
const service = 'shortener'
const stateDirectory = join(repository, '.lifeboat', 'tests', 'automatic')
let lab: Lab
let db: Db

const clean = () => {
  const { data } = labPaths(stateDirectory)
  for (const path of [stateDirectory, data]) rmSync(path, { recursive: true, force: true })
}

beforeAll(async () => {
  clean()
  lab = await startLab({
    stateDirectory,
    net,
    mode: 'automatic',
    checkMs: 500,
    primaryInstances: 2,
    standbyInstances: 2,
    with: { console: false, workers: true, traffic: false, control: true },
  })
  db = createDb(lab.controlDatabaseUrl, { max: 4 })
}, 240_000)

afterAll(async () => {
  await db?.$disconnect()
  await lab?.stop()
  clean()
}, 60_000)

async function person(name: string, role: Role): Promise<Context> {
  const email = `${name}@lifeboat.lab`
  const { id } = await db.user.findUniqueOrThrow({ where: { email } })
  return {
    db,
    clock: { now: () => Date.now(), sleep: () => Promise.resolve() },
    actor: { type: 'user', id, email, via: 'session' },
    grants: [{ role, service: '*' }],
    describeStep,
    enqueueRun: async () => undefined,
  }
}

const runs = () => db.run.findMany({ where: { serviceId: service } })

/** A write to the standby region's server, which fails until it is the primary. */
async function writes(): Promise<boolean> {
  const host = hostAddress(net, 'us-west', 'database')
  const client = new pg.Client({ ...lab.database('us-west', 'superuser'), host, connectionTimeoutMillis: 1_000 })
  try {
    await client.connect()
    await client.query('create table if not exists proof (at timestamptz)')
    await client.query('insert into proof values (clock_timestamp())')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}

describe('automatic mode', () => {
  it('would act once two people have said yes in advance, and every rule holds', async () => {
    const operator = await person('operator', 'operator')
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString()
    const { id } = await requestStandingApproval(operator, { service, expiresAt, reason: 'to see it happen' })
    const { digest } = await db.standingApproval.findUniqueOrThrow({ where: { id } })
    for (const name of ['approver', 'approver2']) {
      const who = await person(name, 'approver')
      await voteOnStandingApproval(who, { service, id, decision: 'approve', digest, comment: '' })
    }
    const ready = await eventually(
      'every rule to hold',
      async () => {
        const view = await getMode(operator, service)
        return view.verdict === 'act' ? view : null
      },
      90_000,
    )
    expect(ready.sentence).toMatch(/^If US East dies now, Lifeboat fails over to US West by itself/)
  }, 120_000)

  it('fails over when the region dies, without anybody', async () => {
    const killedAt = Date.now()
    await lab.kill('us-east')
    await eventually('the first write to the new primary', async () => ((await writes()) ? true : null), 90_000)
    const tookMs = Date.now() - killedAt
    console.log(`first acknowledged write ${tookMs} ms after the kill`)
    const done = await eventually(
      'the run to succeed',
      async () => (await runs()).find((run) => run.state === 'succeeded') ?? null,
      120_000,
    )
    expect(done).toMatchObject({ requesterId: 'automatic', kind: 'failover' })
    expect(await runs()).toHaveLength(1)
    const view = await getMode(await person('operator', 'operator'), service)
    expect(view.coolDown).toMatchObject({ runId: done.id, acknowledgedAt: null })
    const incident = await db.incident.findFirstOrThrow({
      where: { serviceId: service },
      orderBy: { openedAt: 'desc' },
    })
    const run = await db.run.findUniqueOrThrow({
      where: { id: done.id },
      include: { steps: { orderBy: { position: 'asc' } } },
    })
    const since = (date: Date | null) => (date ? date.getTime() - killedAt : null)
    console.log({
      opened: since(incident.openedAt),
      confirmed: since(incident.confirmedAt),
      approved: since(run.approvedAt),
      started: since(run.startedAt),
      steps: run.steps.map((step) => `${step.key} ${since(step.startedAt)}–${since(step.endedAt)}`),
    })
  }, 240_000)
})
