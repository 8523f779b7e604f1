import { execFileSync } from 'node:child_process'
import { accessSync, constants, existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The oldest PostgreSQL whose recovery functions and views are used as they are here. */
export const oldestPostgres = 15

export interface PostgresInstallation {
  binDirectory: string
  major: number
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const pathDirectories = () => (process.env.PATH ?? '').split(':').filter((directory) => directory !== '')

function versionDirectories(parent: string, toBin: (entry: string) => string): string[] {
  return existsSync(parent) ? readdirSync(parent).map((entry) => join(parent, toBin(entry))) : []
}

function majorVersion(binDirectory: string): number | null {
  try {
    const text = execFileSync(join(binDirectory, 'postgres'), ['--version'], { encoding: 'utf8', stdio: 'pipe' })
    const major = /\(PostgreSQL\) (\d+)/.exec(text)?.[1]
    return major === undefined ? null : Number(major)
  } catch {
    return null
  }
}

/** The newest usable PostgreSQL with its server programs: packages' own places first, as they keep them off the PATH. */
export function findPostgres(): PostgresInstallation | null {
  const candidates = [
    ...versionDirectories('/usr/lib/postgresql', (entry) => `${entry}/bin`),
    ...versionDirectories('/usr', (entry) => (entry.startsWith('pgsql-') ? `${entry}/bin` : 'none')),
    ...['/opt/homebrew/opt', '/usr/local/opt', '/home/linuxbrew/.linuxbrew/opt'].flatMap((parent) =>
      versionDirectories(parent, (entry) => (entry.startsWith('postgresql') ? `${entry}/bin` : 'none')),
    ),
    ...pathDirectories(),
  ]
  const needed = ['postgres', 'initdb', 'pg_basebackup', 'pg_rewind', 'pg_controldata', 'pg_waldump']
  const usable = [...new Set(candidates)]
    .filter((directory) => needed.every((program) => isProgram(join(directory, program))))
    .flatMap((binDirectory) => {
      const major = majorVersion(binDirectory)
      return major === null || major < oldestPostgres ? [] : [{ binDirectory, major }]
    })
  return usable.sort((a, b) => b.major - a.major)[0] ?? null
}

/** Full path of a program on the PATH or in the usual places besides. */
export function findProgram(names: string[]): string | null {
  const directories = [...pathDirectories(), '/usr/bin', '/usr/local/bin', '/usr/sbin', '/opt/homebrew/bin']
  for (const name of names) {
    const directory = directories.find((at) => isProgram(join(at, name)))
    if (directory !== undefined) return join(directory, name)
  }
  return null
}

export function findRedis(): string | null {
  return findProgram(['redis-server'])
}

/** The directory of this very node, for children that look for it. */
export const nodeDirectory = dirname(process.execPath)
