import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readLabFile } from '@/lab/lab-file'
import type { LabPaths } from '@/lab/paths'
import { isAlive, killBelow, type ProcessIdentity, processesBelow, signal } from '@/lab/processes'

const orderlyMs = 4_000

/** A fast stop is SIGINT for a postmaster; SIGTERM would wait for every session. */
function isPostmaster(pid: number, cwd: string): boolean {
  try {
    return Number(readFileSync(join(cwd, 'postmaster.pid'), 'utf8').split('\n')[0]) === pid
  } catch {
    return false
  }
}

/**
 * Ends what a supervisor left that could not stop its processes (kill -9, power): by the pids it wrote down, with their
 * start times, and by whose working directory is in this lab. PostgreSQL is asked first; the rest of a few seconds later is killed.
 * @returns how many processes were ended
 */
export async function endLeftovers(paths: LabPaths): Promise<number> {
  const roots = [paths.machines, paths.outside, paths.control]
  const noted = (readLabFile(paths)?.processes ?? []).filter(isAlive)
  const found = processesBelow(roots)
  const left = new Map<number, ProcessIdentity>([...noted, ...found].map((one) => [one.pid, one]))
  if (left.size === 0) return 0

  // The platform would start again what is ended here.
  for (const one of noted) if (one.name === 'platform') signal(one, 'SIGKILL')
  const postmasters = new Set(found.filter((one) => isPostmaster(one.pid, one.cwd)).map((one) => one.pid))
  const isBackend = new Set(found.filter((one) => one.program === 'postgres').map((one) => one.pid))
  for (const one of left.values()) {
    signal(one, 'SIGCONT')
    if (postmasters.has(one.pid)) signal(one, 'SIGINT')
    else if (!isBackend.has(one.pid)) signal(one, 'SIGTERM')
  }
  const until = Date.now() + orderlyMs
  while (Date.now() < until && [...left.values()].some(isAlive)) await new Promise((resolve) => setTimeout(resolve, 50))
  for (const one of left.values()) signal(one, 'SIGKILL')
  await killBelow(roots)
  return left.size
}
