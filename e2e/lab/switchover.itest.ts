import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Region } from '@/lab/addressing'
import { eventually } from '@/lab/testing'
import { type RunView, runView } from '@/server/queries/dto/run'
import { serviceView } from '@/server/queries/dto/service'
import { WriterOracle } from './oracle'
import { type Story, startStory } from './story'
import { approve, databaseTarget, runEnd, traffic } from './watch'

/** Planned work on the whole lab: there, back, and there again, with users and the oracle of two writers watching. */
let story: Story
let oracle: WriterOracle

beforeAll(async () => {
  story = await startStory('switchover', { net: 91, port: 3391 })
  oracle = new WriterOracle([databaseTarget(story, 'us-east'), databaseTarget(story, 'us-west')])
  await oracle.start(databaseTarget(story, 'us-east'))
}, 300_000)

afterAll(async () => {
  await oracle?.stop()
  await story?.stop()
}, 60_000)

async function switchOver(): Promise<RunView> {
  const asked = await eventually(
    'the switchover to be accepted as a request',
    async () => {
      const answer = await story.call('operator', 'POST', '/api/v1/services/shortener/runs', {
        kind: 'switchover',
        inputs: {},
        reason: 'maintenance',
      })
      return answer.status === 201 ? runView.parse(answer.body) : null
    },
    90_000,
  )
  expect((await approve(story, asked)).status).toBeLessThan(300)
  return runEnd(story, asked.id, 240_000)
}

describe('a planned switchover', () => {
  it.each<[Region, Region]>([
    ['us-east', 'us-west'],
    ['us-west', 'us-east'],
    ['us-east', 'us-west'],
  ])(
    'from %s to %s: everything moves, nothing is lost',
    async (from, to) => {
      const run = await switchOver()
      expect(run, `${run.stateReason}`).toMatchObject({ state: 'succeeded' })
      expect(run.plan).toMatchObject({ from: { region: from }, to: { region: to } })
      await eventually(
        'both sides to be seen in their new roles',
        async () => {
          const service = await story.read(serviceView, '/api/v1/services/shortener')
          return service.writer.region === to && service.replication.state === 'streaming'
        },
        60_000,
      )
      await eventually('users to be sent there', async () => (await traffic(story)).currentRegion === to, 60_000)
      const measured = await eventually(
        'it to be measured',
        async () => (await story.read(runView, `/api/v1/runs/${run.id}`)).measured,
        60_000,
      )
      expect(measured.rpo).toMatchObject({ certainty: 'exact', bytes: 0, rows: 0 })
      process.stdout.write(`${from} → ${to}: writes held for at most ${measured.rtoSeconds} s\n`)
    },
    400_000,
  )

  it('never had two writers, and lost no link that a user was promised', async () => {
    expect(oracle.twoWriters()).toEqual([])
    await story.lab.traffic('POST', '/check')
    const { lost } = await eventually(
      'the ledger to be checked',
      async () => {
        const seen = await traffic(story)
        return seen.lost === null ? null : seen
      },
      60_000,
    )
    expect(lost).toBe(0)
  })
})
