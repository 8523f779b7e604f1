import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { reportAutomatic } from './automatic'
import { reportCalm } from './calm'
import { reportFailovers } from './failover-report'
import { reportSeries } from './series'
import { reportSwitchovers } from './switchover'

/**
 * `npm run bench [-- --only failover,switchover,automatic,calm,series] [--runs N] [--minutes N] [--services N] [--write]`: what is measured, with its budgets and the bare floor of the same
 * run. A missed budget is printed, and is not an error: this is a measurement, not a test. `--write` puts each part into its place in docs/measurements.md.
 * Without `--only`, all but the calm hour and the series.
 */
const parts: Record<string, { runs: number; report(size: number): Promise<string> }> = {
  failover: { runs: 3, report: reportFailovers },
  switchover: { runs: 100, report: reportSwitchovers },
  automatic: { runs: 10, report: reportAutomatic },
  calm: { runs: 60, report: reportCalm },
  series: { runs: 1_000, report: reportSeries },
}

/** What the size of a part counts, where it is not runs. */
const sizes: Record<string, string> = { calm: 'minutes', series: 'services' }

const file = 'docs/measurements.md'
const head = `# Measurements

Written by \`npm run bench -- --write\`, part by part. Read the ratios, not the seconds, across machines.
`

function option(name: string): string | undefined {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? undefined : process.argv[at + 1]
}

/** Puts a part where it was, or at the end. */
function place(name: string, report: string): void {
  const [open, close] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`]
  const known = readFileSync(file, 'utf8')
  const text = known.includes('<!-- ') ? known : head
  const section = `${open}\n${report}\n${close}`
  const [from, to] = [text.indexOf(open), text.indexOf(close)]
  const placed = from < 0 ? `${text}\n${section}\n` : text.slice(0, from) + section + text.slice(to + close.length)
  writeFileSync(file, placed)
}

const wanted = option('only')?.split(',') ?? ['failover', 'switchover', 'automatic']
const unknown = wanted.filter((name) => !(name in parts))
if (unknown.length > 0) throw new Error(`No bench is called ${unknown.join(', ')}: ${Object.keys(parts).join(', ')}`)

for (const name of wanted) {
  const part = parts[name]
  if (!part) continue
  const load = loadavg()[0]?.toFixed(1) ?? '?'
  const size = Number(option(sizes[name] ?? 'runs')) || part.runs
  const body = await part.report(size)
  const report = `${body}\nTaken ${new Date().toISOString().slice(0, 10)} on ${cpus().length} cores, load ${load} at its start, everything on loopback.\n`
  console.log(report)
  if (process.argv.includes('--write')) place(name, report)
}
process.exit()
