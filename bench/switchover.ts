import { startStory } from '@/e2e/lab/story'
import { otherRegion } from '@/lab/config/names'
import { benchLab, carryOut, serversOf } from './drive'
import { measureSwitchoverFloor } from './floor'
import { type Summary, showTail, summarise } from './stats'
import { Writers } from './writers'

type SwitchoverFigures = {
  /** Seconds that the writer who waited longest could not write, one value a switchover. */
  outage: Summary
  /** Seconds from the intent to stop the old primary to the intent to promote, which hold the stop itself. */
  stopToPromote: Summary
  floor: Summary
  acknowledged: number
  lost: number
  twice: number
}

/** Switchovers back and forth under writers with a ledger of their own, and the same by hand without Lifeboat. */
async function measureSwitchovers(runs: number): Promise<SwitchoverFigures> {
  const floor = await measureSwitchoverFloor(Math.min(10, Math.max(5, runs)))
  const story = await startStory('bench', { ...benchLab, instances: '2/2', traffic: '5/5' })
  const servers = serversOf(story)
  const writers = await Writers.start(Object.values(servers), servers['us-east'])
  const outages: number[] = []
  const between: number[] = []
  let region: keyof typeof servers = 'us-east'
  try {
    for (let at = 0; at < runs; at += 1) {
      await writers.settled()
      const from = writers.mark()
      const run = await carryOut(story, 'switchover')
      await writers.settled()
      region = otherRegion(region)
      outages.push(writers.longestWaitSince(from))
      const begun = (stepId: string) =>
        Date.parse(run.plan.steps.find((step) => step.stepId === stepId)?.startedAt ?? '')
      between.push((begun('postgres.promote-candidate') - begun('agent.stop-primary')) / 1000)
    }
    await writers.stop()
    return {
      outage: summarise(outages),
      stopToPromote: summarise(between),
      floor,
      acknowledged: writers.acknowledged,
      lost: (await writers.lostOn(servers[region])).length,
      twice: writers.twice().length,
    }
  } finally {
    await writers.stop()
    await story.stop()
  }
}

export async function reportSwitchovers(runs: number): Promise<string> {
  const figures = await measureSwitchovers(runs)
  return `## Switchover

${figures.outage.runs} switchovers back and forth, through API, approval, executor and agents, under 8 writers that keep a ledger of their own. Seconds are **median** / p95 / max.

| | seconds | budget |
| --- | --- | --- |
| write outage, of the writer who waited longest | ${showTail(figures.outage)} | – |
| from the intent to stop to the intent to promote | ${showTail(figures.stopToPromote)} | – |
| *floor*: the same by hand: checkpoint, fast stop, position seen, \`pg_promote()\` (${figures.floor.runs} runs) | ${showTail(figures.floor)} | – |

Ratio of the outage to the floor: **${(figures.outage.median / figures.floor.median).toFixed(1)}**.

| of ${figures.acknowledged} acknowledged writes | | budget |
| --- | --- | --- |
| lost | ${figures.lost} | ${figures.lost === 0 ? '0: met' : '0: **missed**'} |
| given an id that another got | ${figures.twice} | ${figures.twice === 0 ? '0: met' : '0: **missed**'} |
`
}
