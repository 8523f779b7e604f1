import { Redis } from 'ioredis'
import { afterEach, describe, expect, it } from 'vitest'
import { hostAddress, ports } from '@/lab/addressing'
import { readLabFile } from '@/lab/lab-file'
import { secretValue } from '@/lab/secrets'
import { eventually } from '@/lab/testing'
import { auditVerification } from '@/server/queries/dto/records'
import { type RunView, runView } from '@/server/queries/dto/run'
import { WriterOracle } from './oracle'
import { type Story, startStory } from './story'
import { approve, ask, databaseTarget, incidentIn, requestFailover, runEnd } from './watch'

/** The same failover, with one of Lifeboat's own parts lost on the way. Each on a lab of its own, with the dual-writer oracle running. */
let story: Story | null = null
let oracle: WriterOracle | null = null

afterEach(async () => {
  await oracle?.stop()
  await story?.stop()
  story = oracle = null
}, 60_000)

async function begin(name: string, net: number): Promise<Story> {
  story = await startStory(name, { net, port: 3300 + net, instances: '3/2', traffic: '10/10' })
  oracle = new WriterOracle([databaseTarget(story, 'us-east'), databaseTarget(story, 'us-west')])
  await oracle.start(databaseTarget(story, 'us-east'))
  return story
}

async function killedAndApproved(lab: Story): Promise<RunView> {
  await lab.lab.fault('kill', 'us-east')
  await incidentIn(lab, ['confirmed'])
  const run = await requestFailover(lab)
  const yes = await approve(lab, run)
  expect(yes.status, JSON.stringify(yes.body)).toBeLessThan(300)
  return run
}

function pidOf(lab: Story, name: string): number | null {
  return readLabFile(lab.paths)?.processes.find((each) => each.name === name)?.pid ?? null
}

function kill(lab: Story, name: string): void {
  const pid = pidOf(lab, name)
  if (pid === null) throw new Error(`${name} does not run`)
  process.kill(pid, 'SIGKILL')
}

/** What must be so after any of these: done once, one writer, and a trail that says who did what. */
async function expectDoneOnce(lab: Story, run: RunView): Promise<void> {
  expect(run.state, run.stateReason ?? '').toBe('succeeded')
  expect(run.plan.steps.map((step) => step.state)).toEqual(run.plan.steps.map(() => 'succeeded'))
  expect(oracle?.twoWriters()).toEqual([])
  const [timeline] = await ask<{ timeline: number }>(
    lab,
    'us-west',
    'SELECT timeline_id AS timeline FROM pg_control_checkpoint()',
  )
  await ask(lab, 'us-west', 'CHECKPOINT')
  const [after] = await ask<{ timeline: number }>(
    lab,
    'us-west',
    'SELECT timeline_id AS timeline FROM pg_control_checkpoint()',
  )
  expect(after?.timeline, `one promotion, one timeline further (seen ${timeline?.timeline})`).toBe(
    run.plan.from.timeline + 1,
  )
  const verdict = await lab.read(auditVerification, '/api/v1/audit/verification', 'operator')
  expect(verdict).toMatchObject({ ok: true })
}

describe('a run survives', () => {
  it('its worker being killed between any two steps', async () => {
    const lab = await begin('workers', 71)
    const run = await killedAndApproved(lab)
    let seen = 0
    let kills = 0
    const end = await eventually(
      'the run to end in spite of it',
      async () => {
        const now = await lab.glance(runView, `/api/v1/runs/${run.id}`)
        if (!now) return null
        if (now.stepsDone > seen && now.leader && now.state === 'running') {
          seen = now.stepsDone
          kills += 1
          kill(lab, now.leader.worker.replace(/^.*(worker-[ab]).*$/, '$1'))
        }
        return ['succeeded', 'failed', 'paused', 'compensated', 'aborted', 'compensation_failed'].includes(now.state)
          ? now
          : null
      },
      180_000,
    )
    console.log(`leader killed ${kills} times; generation ${end.generation}`)
    expect(kills).toBeGreaterThanOrEqual(3)
    await expectDoneOnce(lab, end)
  }, 300_000)

  it('Redis flushed and killed, and the console killed', async () => {
    const lab = await begin('doorbell', 72)
    await lab.lab.fault('kill', 'us-east')
    await incidentIn(lab, ['confirmed'])
    const run = await requestFailover(lab)
    const redis = new Redis({
      host: hostAddress(lab.net, 'outside', 'outside'),
      port: ports.redis,
      password: secretValue(lab.paths, 'control-redis-password'),
    })
    expect((await approve(lab, run)).status).toBeLessThan(300)
    await redis.flushall()
    redis.disconnect()
    kill(lab, 'control-redis')
    kill(lab, 'console')
    await expectDoneOnce(lab, await runEnd(lab, run.id, 120_000))
  }, 240_000)

  it('the control database being killed and restarted in the middle', async () => {
    const lab = await begin('control', 73)
    const run = await killedAndApproved(lab)
    await eventually(
      'the run to be under way',
      async () => ((await lab.glance(runView, `/api/v1/runs/${run.id}`))?.stepsDone ?? 0) > 0,
      30_000,
    )
    kill(lab, 'control-postgres')
    await expectDoneOnce(lab, await runEnd(lab, run.id, 150_000))
  }, 300_000)

  it('a frozen old primary whose open sessions go on writing: the fence catches them', async () => {
    const lab = await begin('frozen', 74)
    await lab.lab.fault('freeze', 'db-east-1', true)
    await lab.lab.fault('kill', 'app-east')
    const frozenAt = performance.now()
    await eventually(
      'the open session to go on writing on the frozen server',
      () => (oracle?.lastWriteOf('db-east-1') ?? 0) > frozenAt + 500,
      10_000,
    )
    await incidentIn(lab, ['confirmed'])
    const run = await requestFailover(lab)
    expect((await approve(lab, run)).status).toBeLessThan(300)
    const end = await runEnd(lab, run.id)
    const lastOld = oracle?.lastWriteOf('db-east-1') ?? 0
    await eventually('the new primary to take writes', () => oracle?.lastWriteOf('db-west-1') !== null, 10_000)
    await expectDoneOnce(lab, end)
    expect(oracle?.lastWriteOf('db-east-1'), 'nothing more was written there').toBe(lastOld)
  }, 240_000)
})
