import { exportAudit, verifyAudit } from './audit'
import { applyConfigFile, checkConfig } from './config'
import { migrationConnection } from './database'
import { type Options, readOptions } from './options'
import type { Result } from './output'
import { CommandProblem, exitCodes, wrongUse } from './problem'
import { decide, plan, request, show, status, steer, steeringVerbs, watch } from './runs'

const usage = `Usage: npm run lifeboat -- <command> [options]

Over the console's API (LIFEBOAT_URL and LIFEBOAT_TOKEN, or a lab's access.json with --as <name>):
  status [<service>]                                   is it up, who writes, could it fail over
  plan <service> [--kind failover] [--assume-lost]     the plan as it would be now; nothing is kept
  request <service> --reason <why> [--break-glass <finding>]…
  run <id>                                             one run with its plan and digest
  approve|reject <id> --digest <digest> [--comment <text>]
  pause|resume|abort|retry|skip <id> --reason <why> [--step <key>]
  watch <id>                                           follows a run to its end

On the control database (LIFEBOAT_DATABASE_URL), with the console away:
  config apply <lifeboat.yaml> [--dry-run]
  audit export --out <file.ndjson>
  migrate [--retry <migration>]                        needs the database's owner

With nothing but files:
  config check <lifeboat.yaml>
  audit verify <file.ndjson> [--anchors <folder or file>] [--head <number>:<hash>]

Every command takes --json. --access <file> names another access.json.
Exit code: 0 done · 1 not done, with the reason · 2 wrong use · 3 done, and the answer is no (the trail does not verify, the plan has blockers,
the run did not succeed, the configuration has errors) · 4 refused for want of a sign-in or right · 5 nobody answers.`

async function run(words: string[], options: Options): Promise<Result> {
  const [command = '', ...rest] = words
  const steering = steeringVerbs.find((verb) => verb === command)
  if (steering) return steer(steering, rest, options)
  switch (command) {
    case 'status':
      return status(rest, options)
    case 'plan':
      return plan(rest, options)
    case 'request':
      return request(rest, options)
    case 'run':
      return show(rest, options)
    case 'approve':
    case 'reject':
      return decide(command, rest, options)
    case 'watch':
      return watch(rest, options)
    case 'migrate':
      return migrateDatabase(options)
    default:
      return files(`${command} ${rest[0] ?? ''}`.trim(), rest.slice(1), options)
  }
}

function files(command: string, rest: string[], options: Options): Promise<Result> {
  switch (command) {
    case 'config check':
      return checkConfig(rest)
    case 'config apply':
      return applyConfigFile(rest, options)
    case 'audit export':
      return exportAudit(options)
    case 'audit verify':
      return verifyAudit(rest, options)
    default:
      throw wrongUse(command === '' ? 'Which command?' : `There is no command ${command}`)
  }
}

async function migrateDatabase(options: Options): Promise<Result> {
  const connection = migrationConnection()
  const { allowRetry, migrate } = await import('@/server/db/migrate')
  if (options.retry) await allowRetry(connection, options.retry)
  const applied = await migrate(connection)
  return {
    json: { applied },
    text: applied.length > 0 ? `Applied ${applied.join(', ')}.` : 'Nothing was left to apply.',
  }
}

async function main(): Promise<number> {
  const { words, options } = readOptions(process.argv.slice(2))
  if (options.help) {
    console.log(usage)
    return exitCodes.done
  }
  const result = await run(words, options)
  console.log(options.json ? JSON.stringify(result.json, null, 2) : result.text)
  return result.exitCode ?? exitCodes.done
}

function fail(error: unknown): number {
  const exitCode = error instanceof CommandProblem ? error.exitCode : exitCodes.notDone
  const message = error instanceof Error ? error.message : String(error)
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify({ error: message, ...(error instanceof CommandProblem ? error.detail : {}) }))
  } else {
    console.error(exitCode === exitCodes.wrongUse ? `${message}\n\n${usage}` : message)
  }
  return exitCode
}

// The schema engine leaves a timer behind that nothing waits for; output is flushed before the process ends.
const exitCode = await main().catch(fail)
process.stdout.write('', () => process.exit(exitCode))
