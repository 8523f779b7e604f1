import { type FailoverFigures, measureFailovers } from './failover'
import { measureFloor } from './floor'
import { measureOverhead } from './overhead'
import { type Summary, show } from './stats'

/** The failover beside the bare floor of the same run, with what a step costs apart from what it does. */
export async function reportFailovers(runs: number): Promise<string> {
  const floor = await measureFloor(Math.max(5, runs))
  const overhead = await measureOverhead(10)
  const failover = await measureFailovers(runs)
  return `## Failover

${runs} failovers on fresh labs (10 and 5 instances, TTL 2 s, probes each 1 s). Seconds are **min / median / max**.

| from approval to … | seconds | budget |
| --- | --- | --- |
| the new primary proven writable, fencing proved | ${show(failover.approvalToWritable)} | ${budget(failover.approvalToWritable, 0.5, 's')} |
| the first link acknowledged to a user, through DNS | ${show(failover.approvalToFirstLink)} | – |
| *floor*: kill, \`pg_promote()\`, reconnect, first write (nothing else) | ${show(floor)} | – |

Ratio of the first to the floor: **${(failover.approvalToWritable.median / floor.median).toFixed(1)}**. From SIGKILL of the region to a confirmed incident (two vantage points, two failures each): ${show(failover.detection)} s.

| step | seconds |
| --- | --- |
${stepRows(failover)}

The step that waits for resolvers holds what is left of the TTL; pointing holds the restart of the instances, scaling the start of the others.

| what a step costs apart from what it does | milliseconds | budget |
| --- | --- | --- |
| journal, audit and lease, a step (${overhead.writes} writes in ${overhead.steps} steps) | ${show(overhead.perStepMs, 1)} | ${budget(overhead.perStepMs, 20, 'ms')} |
| one bare UPDATE on the same database | ${show(overhead.bareTransactionMs, 2)} | – |
`
}

function budget(summary: Summary, limit: number, unit: string): string {
  return summary.median <= limit ? `${limit} ${unit}: met` : `${limit} ${unit}: **missed**`
}

function stepRows(figures: FailoverFigures): string {
  return figures.steps.map((step) => `| ${step.title} | ${show(step.seconds)} |`).join('\n')
}
