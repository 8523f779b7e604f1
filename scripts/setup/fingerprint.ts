import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Made by a build itself, or not part of what it reads. */
const ignored = new Set(['node_modules', '.next', '.lifeboat', 'generated'])
const isTest = (name: string) => /\.(test|itest|spec)\.tsx?$/.test(name)

function filesBelow(path: string): string[] {
  if (!existsSync(path)) return []
  if (statSync(path).isFile()) return [path]
  return readdirSync(path)
    .filter((name) => !ignored.has(name) && !isTest(name))
    .sort()
    .flatMap((name) => filesBelow(join(path, name)))
}

/** SHA-256 over names and contents of files and directories; what does not exist counts as absent. */
export function fingerprint(paths: string[]): string {
  const hash = createHash('sha256').update(process.version)
  for (const file of paths.flatMap(filesBelow)) hash.update(`\0${file}\0`).update(readFileSync(file))
  return hash.digest('hex')
}

/**
 * Does something only when what it reads has changed since it was last done, or its result is gone.
 * @returns whether it was done
 */
export async function whenChanged(
  mark: { file: string; result: string; inputs: string[] },
  action: () => Promise<void>,
): Promise<boolean> {
  const now = fingerprint(mark.inputs)
  const before = existsSync(mark.file) ? readFileSync(mark.file, 'utf8') : ''
  if (before === now && existsSync(mark.result)) return false
  await action()
  mkdirSync(dirname(mark.file), { recursive: true })
  writeFileSync(mark.file, now)
  return true
}
