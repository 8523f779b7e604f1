import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { LabProblem } from '@/lab/settings'

export interface PostgresUser {
  name: string
  uid: number
  gid: number
}

let found: PostgresUser | null | undefined

/**
 * Who PostgreSQL runs as: null when that is the present user. PostgreSQL refuses to run as root, so root runs it as the
 * user that its package made.
 */
export function postgresUser(): PostgresUser | null {
  if (found !== undefined) return found
  if (process.getuid?.() !== 0) {
    found = null
    return found
  }
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: 'pipe' }))
  try {
    found = { name: 'postgres', uid: id('-u'), gid: id('-g') }
  } catch {
    throw new LabProblem('The lab runs as root, and PostgreSQL does not; there is no user `postgres` to run it as.')
  }
  return found
}

function mayPass(directory: string, user: PostgresUser): boolean {
  const status = statSync(directory)
  if (status.uid === user.uid) return (status.mode & 0o100) !== 0
  if (status.gid === user.gid) return (status.mode & 0o010) !== 0
  return (status.mode & 0o001) !== 0
}

/** Whether `user` can reach what lies below `directory`, judged by what of the path exists already. */
export function isReachable(directory: string, user: PostgresUser): boolean {
  let existing = directory
  while (!existsSync(existing)) existing = dirname(existing)
  for (let at = realpathSync(existing); ; at = dirname(at)) {
    if (!mayPass(at, user)) return false
    if (at === dirname(at)) return true
  }
}

/**
 * Where machines and the control database lie: in the state directory, or, when PostgreSQL's user cannot get there (a
 * checkout below /root), in a place of its own named after the state directory.
 */
export function dataRoot(stateDirectory: string): string {
  const user = postgresUser()
  if (user === null || isReachable(join(stateDirectory, 'lab'), user)) return join(stateDirectory, 'lab')
  const hash = createHash('sha256').update(stateDirectory).digest('hex').slice(0, 12)
  return `/var/lib/lifeboat-${hash}`
}
