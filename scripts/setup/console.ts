import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { LabProblem, repository } from '@/lab/settings'
import { whenChanged } from '@/scripts/setup/fingerprint'

const at = (path: string) => join(repository, path)
const marks = at('node_modules/.cache/lifeboat')

/** Run as one package's own program, without npm in between. */
async function runTool(script: string, args: string[], environment: Record<string, string>): Promise<void> {
  const result = await execa(process.execPath, [at(script), ...args], {
    cwd: repository,
    env: environment,
    reject: false,
    all: true,
    stdin: 'ignore',
  })
  if (result.exitCode !== 0) throw new LabProblem(`${args.join(' ')} failed:\n${result.all?.slice(-8_000) ?? ''}`)
}

/**
 * The database client. The generator asks for an engine that it does not need and would download: any existing program will do
 * for it.
 */
export function generateClient(): Promise<boolean> {
  const mark = {
    file: join(marks, 'client'),
    result: at('server/db/generated/client.ts'),
    inputs: [at('prisma/schema'), at('node_modules/prisma/package.json')],
  }
  return whenChanged(mark, () =>
    runTool('node_modules/prisma/build/index.js', ['generate', '--schema', 'prisma/schema'], {
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      CHECKPOINT_DISABLE: '1',
    }),
  )
}

/** The console as one directory that needs no node_modules. */
export function buildConsole(): Promise<boolean> {
  const inputs = ['app', 'components', 'server', 'public', 'prisma/schema', 'next.config.js', 'next.config.ts']
  inputs.push(
    'postcss.config.mjs',
    'postcss.config.js',
    'proxy.ts',
    'instrumentation.ts',
    'tsconfig.json',
    'package-lock.json',
  )
  const mark = { file: join(marks, 'console'), result: at('.next/standalone/server.js'), inputs: inputs.map(at) }
  return whenChanged(mark, async () => {
    console.log('… building the console: a minute or so, and only when its sources have changed')
    await rm(at('.next/standalone'), { recursive: true, force: true })
    await runTool('node_modules/next/dist/bin/next', ['build'], {
      NEXT_TELEMETRY_DISABLED: '1',
      NODE_ENV: 'production',
    })
    await cp(at('.next/static'), at('.next/standalone/.next/static'), { recursive: true })
    await cp(at('public'), at('.next/standalone/public'), { recursive: true })
  })
}
