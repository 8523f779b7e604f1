import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { consoleEnvironment, workerEnvironment } from '@/lab/environment'
import type { LabPaths } from '@/lab/paths'
import { nodeDirectory } from '@/lab/programs'
import { LabProblem, type LabSettings, repository } from '@/lab/settings'
import type { OutsideProcess } from '@/lab/supervise'

/** `built` is what `npm start` runs, `development` what `npm run dev` does. */
export type ConsoleKind = 'built' | 'development'

const plainEnvironment = { PATH: `${nodeDirectory}:/usr/local/bin:/usr/bin:/bin`, TZ: 'UTC', LC_ALL: 'C.UTF-8' }

/** A bundled process that reads its own configuration file. */
export function bundled(paths: LabPaths, name: string): OutsideProcess {
  return {
    name,
    program: process.execPath,
    args: [paths.script(name), paths.config(name)],
    cwd: join(paths.outside, name),
    environment: plainEnvironment,
    logFile: paths.log(name),
    stopSignal: 'SIGTERM',
    stopMs: 1_500,
  }
}

export function worker(settings: LabSettings, paths: LabPaths, letter: 'a' | 'b'): OutsideProcess {
  const name = `worker-${letter}`
  return {
    ...bundled(paths, name),
    args: [paths.script('worker')],
    environment: workerEnvironment(settings, paths, `vantage-${letter}`),
    stopMs: 2_000,
  }
}

/** @throws LabProblem when the console was not built */
export function consoleProcess(settings: LabSettings, paths: LabPaths, kind: ConsoleKind): OutsideProcess {
  const common = { ...bundled(paths, 'console'), stopMs: 2_000 }
  const environment = consoleEnvironment(settings, paths)
  if (kind === 'development') {
    const args = [join(repository, 'node_modules/next/dist/bin/next'), 'dev']
    args.push('--port', String(settings.consolePort), '--hostname', settings.consoleHost)
    return { ...common, args, cwd: repository, environment: { ...environment, NODE_ENV: 'development' } }
  }
  const server = join(repository, '.next/standalone/server.js')
  if (!existsSync(server)) throw new LabProblem('The console is not built yet. Build it with: npm run setup')
  return { ...common, args: [server], environment }
}
