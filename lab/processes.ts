import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs'

/** A process that a pid alone does not name: pids are used again, a pid with its start time is not. */
export interface ProcessIdentity {
  pid: number
  /** Clock ticks from boot to the start of the process. */
  startTicks: number
}

export interface FoundProcess extends ProcessIdentity {
  program: string
  cwd: string
  /** Stopped by a signal: reacts to nothing but SIGKILL and SIGCONT. */
  frozen: boolean
}

interface Status extends ProcessIdentity {
  program: string
  state: string
  terminal: number
}

/** Fields of /proc/<pid>/stat; null when there is no such process or only its corpse is left. */
function readStatus(pid: number): Status | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const open = text.indexOf('(')
    const close = text.lastIndexOf(')')
    const fields = text.slice(close + 2).split(' ')
    const state = fields[0] ?? ''
    if (state === 'Z' || state === 'X') return null
    const program = text.slice(open + 1, close)
    return { pid, program, state, terminal: Number(fields[4]), startTicks: Number(fields[19]) }
  } catch {
    return null
  }
}

export function identityOf(pid: number): ProcessIdentity | null {
  const status = readStatus(pid)
  return status === null ? null : { pid, startTicks: status.startTicks }
}

export function isAlive(identity: ProcessIdentity): boolean {
  return identityOf(identity.pid)?.startTicks === identity.startTicks
}

const real = (directory: string): string | null => {
  try {
    return realpathSync(directory)
  } catch {
    return null
  }
}

function workingDirectory(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/cwd`).replace(/ \(deleted\)$/, '')
  } catch {
    return null
  }
}

/**
 * Every process that works in or below one of the directories, orphans included. Who has a terminal is left out: that is
 * somebody's shell or editor looking around, and nothing of the lab has one (each is started in a session of its own).
 */
export function processesBelow(directories: string[]): FoundProcess[] {
  const roots = directories.flatMap((directory) => real(directory) ?? [])
  if (roots.length === 0) return []
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name)
    if (!Number.isInteger(pid) || pid === process.pid) return []
    const cwd = workingDirectory(pid)
    if (cwd === null || !roots.some((root) => cwd === root || cwd.startsWith(`${root}/`))) return []
    const status = readStatus(pid)
    if (status === null || status.terminal !== 0) return []
    const frozen = status.state === 'T' || status.state === 't'
    return [{ pid, startTicks: status.startTicks, program: status.program, cwd, frozen }]
  })
}

/** Signals a process if it still is the one meant. @returns false when it is gone */
export function signal(target: ProcessIdentity, name: NodeJS.Signals): boolean {
  if (!isAlive(target)) return false
  try {
    return process.kill(target.pid, name)
  } catch {
    return false
  }
}

/**
 * SIGKILL to everything that works below the directories, again until nothing is left: children born between a scan and
 * its kills are caught by the next scan. Works on frozen processes. @returns how many were ended
 * @throws Error when some still live at the deadline (in the kernel's hands, e.g. waiting for a disk)
 */
export async function killBelow(directories: string[], deadlineMs = 5_000): Promise<number> {
  const ended = new Set<number>()
  const until = Date.now() + deadlineMs
  for (;;) {
    const alive = processesBelow(directories)
    if (alive.length === 0) return ended.size
    if (Date.now() > until) throw new Error(`still alive after SIGKILL: ${alive.map((one) => one.pid).join(', ')}`)
    for (const one of alive) if (signal(one, 'SIGKILL')) ended.add(one.pid)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
