import type { Lab } from '@/lab/lab'
import { LabProblem, readSettings, repository } from '@/lab/settings'
import { startLab } from '@/lab/start-lab'
import { plural, seconds, table } from '@/lab/text'

/** What `npm start` and `npm run dev` run: brings everything up, says how to get in, and ends it all in order. */
function showStage(stage: string, tookMs: number, note: string | null): void {
  const isQuiet = stage === 'what an earlier start left' && note === null
  if (!isQuiet)
    console.log(
      `${note === null ? '✓' : '▲'} ${stage.padEnd(46)} ${seconds(tookMs).padStart(7)}${note ? `  ${note}` : ''}`,
    )
}

function showWelcome(lab: Lab, tookMs: number): void {
  console.log(`\nLifeboat is up after ${seconds(tookMs)}:  ${lab.url}\n`)
  const people = Object.entries(lab.access?.users ?? {}).map(([name, one]) => [name, one.email, one.password])
  console.log(table([['sign in as', 'e-mail', 'password'], ...people]))
  console.log(`\nAPI tokens are in ${lab.paths.access}`)
  console.log('Break something:  npm run lab -- kill us-east     Look:  npm run lab -- status')
  console.log('Ctrl-C stops everything; state is kept.\n')
}

async function stop(lab: Lab): Promise<void> {
  const begun = performance.now()
  const { hosts } = await lab.status()
  const count = hosts.reduce((sum, host) => sum + host.processes.length, lab.processes().length)
  await lab.stop()
  const took = seconds(performance.now() - begun)
  console.log(
    `All ${plural(count, 'process', 'processes')} have stopped (${took}); state is kept in ${lab.paths.state}`,
  )
}

async function main(): Promise<void> {
  // Migrations and bundles are found from here.
  process.chdir(repository)
  const begun = performance.now()
  const isDevelopment = process.argv.includes('--development')
  const stopping = new AbortController()
  const signalled = new Promise<void>((resolve) => stopping.signal.addEventListener('abort', () => resolve()))
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      // A terminal's Ctrl-C may arrive twice: by itself, and passed on by npm.
      if (!stopping.signal.aborted) console.log('\nStopping; this takes a few seconds.')
      stopping.abort()
    })
  }
  const settings = readSettings()
  const lab = await startLab({
    ...settings,
    with: { console: isDevelopment ? 'development' : 'built' },
    onStage: showStage,
    signal: stopping.signal,
  })
  showWelcome(lab, performance.now() - begun)
  // Keeps the supervisor alive whatever its children do.
  const awake = setInterval(() => undefined, 60_000)
  await signalled
  clearInterval(awake)
  await stop(lab)
  process.exit(0)
}

main().catch((error: unknown) => {
  if (error instanceof LabProblem) console.error(`\n${error.message}`)
  else console.error(error)
  process.exit(1)
})
