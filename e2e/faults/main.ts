import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { casesOf, sliceOf } from './cases'
import { writeReport } from './report'
import { type CaseResult, runCases } from './run-cases'

/**
 * `npm run test:faults -- [--seed N] [--only text] [--minutes M] [--slice] [--console routes] [--no-report]`: the fault suite on a lab of its own. Exit code 1 when
 * anything was broken.
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    minutes: { type: 'string', default: '600' },
    slice: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    console: { type: 'string', default: 'built' },
    net: { type: 'string', default: '97' },
    port: { type: 'string', default: '3397' },
    state: { type: 'string', default: '.lifeboat/faults' },
    'no-report': { type: 'boolean', default: false },
  },
})

const seed = Number(values.seed)
const all = casesOf(seed)
const chosen = (values.slice ? sliceOf(all) : all).filter(
  (each) => !values.only || new RegExp(values.only, 'i').test(each.id),
)

function tell(result: CaseResult, number: number): void {
  const mark = result.verdict === 'held' ? '✓' : '✖'
  console.log(
    `${String(number).padStart(3)} ${mark} ${result.seconds.toFixed(1).padStart(6)} s  ${result.id}  →  ${result.end} (${result.back}; ${result.oracle})`,
  )
  if (result.note) console.log(`      ${result.note.slice(0, 600)}`)
}

async function main(): Promise<void> {
  console.log(`seed ${seed}: ${chosen.length} of ${all.length} cases`)
  if (values.list) return void chosen.map((each) => console.log(each.id))
  const begun = performance.now()
  let number = 0
  const options = {
    ...{ net: Number(values.net), port: Number(values.port), stateDirectory: values.state },
    console: values.console === 'routes' ? ('routes' as const) : ('built' as const),
  }
  // Ctrl-C ends the lab too, whose processes would outlive this one, and keeps what was seen so far.
  const stopped = Promise.race(['SIGINT', 'SIGTERM'].map((signal) => once(process, signal)))
  const results = await runCases(options, chosen, {
    stopped,
    untilMs: begun + Number(values.minutes) * 60_000,
    told: (result) => {
      number += 1
      tell(result, number)
    },
  })
  const broken = results.filter((each) => each.verdict === 'broken').length
  console.log(
    `seed ${seed}: ${results.length - broken} of ${results.length} held, ${chosen.length - results.length} not run`,
  )
  if (!values['no-report']) writeReport({ seed, all, results })
  process.exit(broken > 0 ? 1 : 0)
}

main().catch((error: unknown) => {
  console.error(error)
  process.exit(1)
})
