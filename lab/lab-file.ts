import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import type { LabPaths } from '@/lab/paths'
import { identityOf, isAlive } from '@/lab/processes'
import { LabProblem } from '@/lab/settings'

const identity = z.object({ pid: z.int(), startTicks: z.number() })

export const labFile = z.object({
  net: z.int(),
  consoleUrl: z.string(),
  startedAt: z.string(),
  stateDirectory: z.string(),
  supervisor: identity,
  processes: z.array(identity.extend({ name: z.string(), logFile: z.string(), restarts: z.int() })),
})
/** `lab/lab.json`: what runs outside the regions, for the lab's commands and for the start after a crash. */
export type LabFile = z.infer<typeof labFile>

export function readLabFile(paths: LabPaths): LabFile | null {
  try {
    return labFile.parse(JSON.parse(readFileSync(paths.labFile, 'utf8')))
  } catch {
    return null
  }
}

export function writeLabFile(paths: LabPaths, content: LabFile): void {
  const temporary = `${paths.labFile}.tmp`
  writeFileSync(temporary, `${JSON.stringify(content, null, 2)}\n`)
  renameSync(temporary, paths.labFile)
}

const claim = identity.extend({ consoleUrl: z.string() })

function readClaim(paths: LabPaths): z.infer<typeof claim> | null {
  try {
    return claim.parse(JSON.parse(readFileSync(paths.claim, 'utf8')))
  } catch {
    return null
  }
}

/** The supervisor that runs now; null when there is none, or only what a killed one left. */
export function runningSupervisor(paths: LabPaths): z.infer<typeof claim> | null {
  const found = readClaim(paths)
  return found !== null && isAlive(found) ? found : null
}

/**
 * Takes the state directory for this process, so that two starts cannot end each other's processes as leftovers.
 * @returns how to give it back
 * @throws LabProblem when another supervisor has it
 */
export function claimState(paths: LabPaths, consoleUrl: string): () => void {
  const running = runningSupervisor(paths)
  if (running !== null) {
    throw new LabProblem(
      `Lifeboat already runs at ${running.consoleUrl} (process ${running.pid}); nothing was started. Stop it with Ctrl-C there, or with: kill ${running.pid}`,
    )
  }
  rmSync(paths.claim, { force: true })
  const own = `${paths.claim}.${process.pid}`
  writeFileSync(own, JSON.stringify({ ...identityOf(process.pid), consoleUrl }), { mode: 0o600 })
  try {
    linkSync(own, paths.claim)
  } catch {
    throw new LabProblem('Another start of Lifeboat is under way in this state directory; nothing was started.')
  } finally {
    rmSync(own)
  }
  return () => rmSync(paths.claim, { force: true })
}
