import { LabProblem } from '@/lab/settings'
import { seconds } from '@/lab/text'
import { buildConsole, generateClient } from '@/scripts/setup/console'
import { ensurePrograms } from '@/scripts/setup/programs'

/**
 * `--tests` also wants a browser; `--no-console` leaves the console unbuilt (development serves it from its sources).
 * Prints only what took time, and why nothing can be started.
 */
async function main(): Promise<void> {
  const options = new Set(process.argv.slice(2))
  const step = async (what: string, action: () => Promise<boolean>) => {
    const begun = performance.now()
    if (await action()) console.log(`✓ ${what.padEnd(46)} ${seconds(performance.now() - begun).padStart(7)}`)
  }
  await ensurePrograms(options.has('--tests'), console.log)
  await step('database client', generateClient)
  if (!options.has('--no-console')) await step('console', buildConsole)
}

main().catch((error: unknown) => {
  console.error(error instanceof LabProblem ? error.message : error)
  process.exit(1)
})
