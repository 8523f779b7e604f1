import { parseArgs } from 'node:util'
import { runCommand, WrongUse } from '@/lab/commands'
import { LabProblem } from '@/lab/settings'

const usage = `Usage: npm run lab -- <command> [options]

  status [--json]                                    everything: addresses, roles, links, what the name answers
  kill <region|host>                                 power off: every process, SIGKILL; stays off until restore
  restore <region|host>                              power on again
  freeze <region|host> [--grey]                      SIGSTOP; --grey: only the agent and the postmaster of databases
  thaw <region|host>                                 SIGCONT
  cut <region> --from <who> [--one-way in|out]       black hole; who: us-east, us-west, control, vantage-a, vantage-b
  slow <region> --from <who> --ms <milliseconds>     delay, each way
  heal <region>                                      opens every link of the region and thaws what is frozen
  traffic [start|stop|check] [--json]                users: acknowledged, failed, lost so far

Regions: us-east, us-west. Every command takes --json. Exit code: 0 done, 1 not done, 2 wrong use.`

function read(): { words: string[]; options: Record<string, string | boolean | undefined> } {
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: {
        json: { type: 'boolean' },
        grey: { type: 'boolean' },
        from: { type: 'string' },
        'one-way': { type: 'string' },
        ms: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    })
    return { words: positionals, options: values }
  } catch (error) {
    throw new WrongUse(error instanceof Error ? error.message : String(error))
  }
}

async function main(): Promise<void> {
  const { words, options } = read()
  if (options.help === true) {
    console.log(usage)
    return
  }
  const { json, text } = await runCommand(words, options)
  console.log(options.json === true ? JSON.stringify(json, null, 2) : text)
}

main().catch((error: unknown) => {
  const isJson = process.argv.includes('--json')
  const message = error instanceof Error ? error.message : String(error)
  const isWrongUse = error instanceof WrongUse
  if (isJson) console.log(JSON.stringify({ error: message }))
  else if (isWrongUse) console.error(`${message}\n\n${usage}`)
  else console.error(error instanceof LabProblem ? `Not done: ${message}` : error)
  process.exitCode = isWrongUse ? 2 : 1
})
