import { execa } from 'execa'
import { findPostgres, findProgram, findRedis, oldestPostgres } from '@/lab/programs'
import { LabProblem } from '@/lab/settings'

interface Needed {
  what: string
  find: () => unknown
  apt: string
  dnf: string
  brew: string
}

const chromiumNames = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

function needed(withTests: boolean): Needed[] {
  const always: Needed[] = [
    {
      what: `PostgreSQL ${oldestPostgres} or newer`,
      find: findPostgres,
      apt: 'postgresql',
      dnf: 'postgresql-server',
      brew: 'postgresql@17',
    },
    { what: 'Redis', find: findRedis, apt: 'redis-server', dnf: 'redis', brew: 'redis' },
  ]
  const browser: Needed = {
    what: 'Chromium',
    find: () => process.env.CHROMIUM_PATH ?? findProgram(chromiumNames),
    apt: 'chromium',
    dnf: 'chromium',
    brew: 'chromium',
  }
  return withTests ? [...always, browser] : always
}

/** How we may install: directly as root, through sudo that asks nothing, or not at all. */
async function aptPrefix(): Promise<string[] | null> {
  if (findProgram(['apt-get']) === null) return null
  if (process.getuid?.() === 0) return []
  if (findProgram(['sudo']) === null) return null
  const sudo = await execa('sudo', ['-n', 'true'], { reject: false, stdio: 'ignore' })
  return sudo.exitCode === 0 ? ['sudo', '-n'] : null
}

function advice(missing: Needed[]): string {
  const line = (tool: 'apt' | 'dnf' | 'brew') => missing.map((one) => one[tool]).join(' ')
  return [
    `Missing: ${missing.map((one) => one.what).join(', ')}. Nothing was started. Install it with one of:`,
    `  sudo apt-get install --no-install-recommends ${line('apt')}`,
    `  sudo dnf install ${line('dnf')}`,
    `  brew install ${line('brew')}`,
  ].join('\n')
}

/**
 * Debian starts a server of its own when it installs one; a policy that forbids it is honoured by the packages' scripts. The lab needs
 * the programs only.
 */
async function aptInstall(prefix: string[], packages: string[]): Promise<boolean> {
  const environment = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  const apt = async (args: string[]) => {
    const [program = 'apt-get', ...rest] = [...prefix, 'apt-get', ...args]
    return (
      (await execa(program, rest, { reject: false, stdio: ['ignore', 'ignore', 'inherit'], env: environment }))
        .exitCode === 0
    )
  }
  const install = ['install', '-y', '--no-install-recommends', ...packages]
  return (await apt(install)) || ((await apt(['update'])) && (await apt(install)))
}

/** Finds the servers that the lab runs, and installs them where that is apt and we may. @throws LabProblem with the commands */
export async function ensurePrograms(withTests: boolean, say: (text: string) => void): Promise<void> {
  const missing = needed(withTests).filter((one) => one.find() === null)
  if (missing.length === 0) return
  const prefix = await aptPrefix()
  if (prefix === null) throw new LabProblem(advice(missing))
  say(`… installing ${missing.map((one) => one.what).join(', ')} (apt-get)`)
  await aptInstall(
    prefix,
    missing.map((one) => one.apt),
  )
  const still = missing.filter((one) => one.find() === null)
  if (still.length > 0) throw new LabProblem(advice(still))
}
