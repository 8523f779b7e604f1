import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from '@/lab/settings'
import type { FaultCase } from './case'
import type { CaseResult } from './run-cases'

type Report = { seed: number; all: readonly FaultCase[]; results: readonly CaseResult[] }

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

function byFamily(results: readonly CaseResult[]): string[] {
  const families = [...new Set(results.map((each) => each.family))].sort()
  return families.map((family) => {
    const of = results.filter((each) => each.family === family)
    const held = of.filter((each) => each.verdict === 'held').length
    return `| ${family} | ${of.length} | ${held} | ${median(of.map((each) => each.seconds)).toFixed(1)} |`
  })
}

/** Text of `docs/reliability.md`: what was run, what held, and what was not run, said as such. */
export function reportText({ seed, all, results }: Report, date: string): string {
  const held = results.filter((each) => each.verdict === 'held')
  const ran = new Set(results.map((each) => each.id))
  const missing = all.filter((each) => !ran.has(each.id))
  const rows = results.map(
    (each) =>
      `| ${each.verdict === 'held' ? '✓' : '✖'} | ${each.kind} | ${cell(each.fault)} | ${cell(each.moment)} | ${each.end} | ${each.seconds.toFixed(1)} | ${each.oracle} | ${cell(each.note).slice(0, 220)} |`,
  )
  return `# What was broken on purpose

Written by \`npm run test:faults\` on ${date}, seed ${seed}: **${held.length} of ${results.length} cases held**, ${missing.length} of ${all.length} were not run.

Each case is a real run on the lab (PostgreSQL, agents, DNS, object stores, Kubernetes API, console, two workers) with one thing going wrong at one moment. After every case
it must be so that: the run ended in a state that is right for the fault, with its reason; no two servers took writes of one history (a process of its own keeps writing to both, on an old and on new
connections, and only acknowledged commits count); the writer has moved exactly once, or not at all; the audit chain verifies; users are served by the writer that Lifeboat names; and the lab is back to
two regions in health. Seconds are from the first harm to the end of the run. "paused, then succeeded" is a run that waited for a person past its point of no return and went on when the fault
was gone.

| family | cases | held | median s |
| --- | --- | --- | --- |
${byFamily(results).join('\n')}

## Cases

| | kind | what went wrong | moment | end | s | oracle | told |
| --- | --- | --- | --- | --- | --- | --- | --- |
${rows.join('\n')}

## Not run

${missing.length === 0 ? 'All were run.' : missing.map((each) => `- ${each.id}`).join('\n')}
`
}

export function writeReport(report: Report): void {
  const date = new Date().toISOString().slice(0, 10)
  writeFileSync(join(repository, 'docs/reliability.md'), reportText(report, date))
}
