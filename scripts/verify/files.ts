import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** Files of the project as git sees them, generated ones left out: tracked, and new ones that are not ignored. */
export function globSync(name: RegExp): string[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    encoding: 'utf8',
    maxBuffer: 16e6,
  })
  return listed.split('\n').filter((path) => name.test(path) && existsSync(path))
}
