import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const saved = z.object({ kernelBootId: z.string(), lastSeenAt: z.number() })

/** The monotonic clock starts anew with the kernel: a time from before is of no use after. */
function kernelBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
}

/**
 * Remembers over a restart of the agent alone when somebody was last seen. Not synced to disk: what ends the page cache
 * ends PostgreSQL as well.
 */
export class SightFile {
  private readonly path: string
  private written: number | null = null

  constructor(stateDirectory: string) {
    this.path = join(stateDirectory, 'sight.json')
  }

  read(): number | null {
    try {
      const value = saved.parse(JSON.parse(readFileSync(this.path, 'utf8')))
      return value.kernelBootId === kernelBootId() ? value.lastSeenAt : null
    } catch {
      return null
    }
  }

  write(lastSeenAt: number): void {
    if (lastSeenAt === this.written) return
    const temporary = `${this.path}.tmp`
    writeFileSync(temporary, JSON.stringify({ kernelBootId: kernelBootId(), lastSeenAt }), { mode: 0o600 })
    renameSync(temporary, this.path)
    this.written = lastSeenAt
  }
}
