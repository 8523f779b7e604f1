import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs'

export interface FoundProcess {
  pid: number
  /** Stopped by a signal: it will not react to anything but SIGKILL and SIGCONT. */
  frozen: boolean
}

function isFrozen(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const state = stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3)
    return state === 'T' || state === 't'
  } catch {
    return false
  }
}

/**
 * Every process that works in a directory. PostgreSQL's processes stay in their data directory for life, orphans of a dead
 * postmaster too, so this finds what a pid file does not. Read synchronously: one consistent sweep of about a millisecond.
 */
export function processesIn(directory: string): FoundProcess[] {
  let real: string
  try {
    real = realpathSync(directory)
  } catch {
    return []
  }
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      if (readlinkSync(`/proc/${name}/cwd`) !== real) return []
    } catch {
      return []
    }
    const pid = Number(name)
    return [{ pid, frozen: isFrozen(pid) }]
  })
}

/** The program a process runs, without its directory; null when it is gone. */
export function programOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/exe`).replace(' (deleted)', '').split('/').at(-1) ?? null
  } catch {
    return null
  }
}

/** False when there was nobody to signal. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name)
  } catch {
    return false
  }
}
