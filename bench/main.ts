import { writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { type FailoverFigures, measureFailovers } from './failover'
import { measureFloor } from './floor'
import { measureOverhead } from './overhead'
import { type Summary, show } from './stats'

/**
 * `npm run bench [-- --write] [-- --runs N]`: the failover beside the bare floor of the same run, with its budgets. A missed budget is printed, and is not an error:
 * this is a measurement, not a test. `--write` puts the report into docs/measurements.md.
 */
const runs = Number(process.argv[process.argv.indexOf('--runs') + 1]) || 3

const load = loadavg()[0]?.toFixed(1) ?? '?'
const floor = await measureFloor(Math.max(5, runs))
const overhead = await measureOverhead(10)
const failover = await measureFailovers(runs)

const report = `# Measurements

Written by \`npm run bench -- --write\`. Seconds are **min / median / max**; read the ratios, not the seconds, across machines. This run: ${cpus().length} cores, load ${load} at its start, everything on loopback,
${runs} failovers on fresh labs (10 and 5 instances, TTL 2 s, probes each 1 s).

| from approval to … | seconds | budget |
| --- | --- | --- |
| the new primary proven writable, fencing proved | ${show(failover.approvalToWritable)} | ${budget(failover.approvalToWritable, 0.5)} |
| the first link acknowledged to a user, through DNS | ${show(failover.approvalToFirstLink)} | – |
| *floor*: kill, \`pg_promote()\`, reconnect, first write (nothing else) | ${show(floor)} | – |

Ratio of the first to the floor: **${(failover.approvalToWritable.median / floor.median).toFixed(1)}**. From SIGKILL of the region to a confirmed incident (two vantage points, two failures each): ${show(failover.detection)} s.

| step | seconds |
| --- | --- |
${stepRows(failover)}

The step that waits for resolvers holds what is left of the TTL; pointing holds the restart of the instances, scaling the start of the others.

| what a step costs apart from what it does | milliseconds |
| --- | --- |
| journal, audit and lease, a step (${overhead.writes} writes in ${overhead.steps} steps) | ${show(overhead.perStepMs, 1)} |
| one bare UPDATE on the same database | ${show(overhead.bareTransactionMs, 2)} |
`

function budget(summary: Summary, seconds: number): string {
  return summary.median <= seconds ? `${seconds} s: met` : `${seconds} s: **missed**`
}

function stepRows(figures: FailoverFigures): string {
  return figures.steps.map((step) => `| ${step.title} | ${show(step.seconds)} |`).join('\n')
}

console.log(report)
if (process.argv.includes('--write')) writeFileSync('docs/measurements.md', report)
process.exit()
