import { startStory } from '@/e2e/lab/story'
import { approve, incidentIn, requestFailover, runEnd, traffic } from '@/e2e/lab/watch'
import { eventually } from '@/lab/testing'
import type { RunView } from '@/server/queries/dto/run'
import { type Summary, summarise } from './stats'

export type FailoverFigures = {
  /** From the moment the approval was sent to the new primary proven writable: what the floor is compared with. */
  approvalToWritable: Summary
  /** From there to the first link that a user got acknowledged through DNS. */
  approvalToFirstLink: Summary
  /** From the kill to the incident confirmed. */
  detection: Summary
  /** Seconds of each step, median over the runs, in the plan's order. */
  steps: { title: string; stepId: string; seconds: Summary }[]
}

type OneRun = { toWritable: number; toFirstLink: number; detection: number; run: RunView }

/** Whole failovers on fresh labs, each the way a person does it; times from the run's own journal and the users' ledger, on one clock. */
export async function measureFailovers(runs: number): Promise<FailoverFigures> {
  const all: OneRun[] = []
  for (let at = 0; at < runs; at += 1) all.push(await oneFailover(at))
  const stepIds = all[0]?.run.plan.steps.map((step) => ({ stepId: step.stepId, title: step.title })) ?? []
  return {
    approvalToWritable: summarise(all.map((each) => each.toWritable)),
    approvalToFirstLink: summarise(all.map((each) => each.toFirstLink)),
    detection: summarise(all.map((each) => each.detection)),
    steps: stepIds.map((step) => ({
      ...step,
      seconds: summarise(all.map((each) => stepSeconds(each.run, step.stepId))),
    })),
  }
}

async function oneFailover(at: number): Promise<OneRun> {
  const story = await startStory('bench', { net: 77, port: 3377, instances: '10/5' })
  try {
    await eventually('users to be served', async () => (await traffic(story)).acknowledged > 50, 30_000)
    const killedAt = Date.now()
    await story.lab.fault('kill', 'us-east')
    const incident = await incidentIn(story, ['confirmed'])
    const asked = await requestFailover(story)
    const approvedAt = Date.now()
    const yes = await approve(story, asked)
    if (yes.status >= 300) throw new Error(`approval ${at}: ${JSON.stringify(yes.body)}`)
    const run = await runEnd(story, asked.id)
    if (run.state !== 'succeeded') throw new Error(`run ${at} ended ${run.state}: ${run.stateReason}`)
    const outageTo = await eventually(
      'the users’ outage to be over',
      async () => (await traffic(story)).outages.at(-1)?.to,
      30_000,
    )
    return {
      detection: (Date.parse(incident.confirmedAt ?? '') - killedAt) / 1000,
      toWritable: (endOf(run, 'postgres.prove-writable') - approvedAt) / 1000,
      toFirstLink: (Date.parse(outageTo) - approvedAt) / 1000,
      run,
    }
  } finally {
    await story.stop()
  }
}

function endOf(run: RunView, stepId: string): number {
  return Date.parse(run.plan.steps.find((step) => step.stepId === stepId)?.endedAt ?? '')
}

function stepSeconds(run: RunView, stepId: string): number {
  const step = run.plan.steps.find((each) => each.stepId === stepId)
  return (Date.parse(step?.endedAt ?? '') - Date.parse(step?.startedAt ?? '')) / 1000
}
