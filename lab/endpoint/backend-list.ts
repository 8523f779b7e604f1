import { type FSWatcher, watch } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { Logger } from 'pino'
import { type Backend, type BackendsFile, backendsFile } from '@/lab/cluster/backends'
import { parseJson } from '@/lab/http-service'

/** In case a change was not told. */
const rereadMs = 1_000

/** The region's ready backends, as its cluster last wrote them. */
export class BackendList {
  private current: BackendsFile = { backends: [], desired: 0, updatedAt: '' }
  private turn = 0
  private watcher: FSWatcher | undefined
  private readonly timer: NodeJS.Timeout

  constructor(
    private readonly path: string,
    private readonly logger: Logger,
  ) {
    this.timer = setInterval(() => void this.read(), rereadMs)
  }

  async open(): Promise<void> {
    await this.read()
    try {
      // The directory, not the file: the file is replaced at each change.
      this.watcher = watch(dirname(this.path), (_event, name) => {
        if (name === null || name === basename(this.path)) void this.read()
      })
      this.watcher.on('error', () => undefined)
    } catch (error) {
      this.logger.warn({ reason: String(error) }, 'changes of the backends are seen by looking only')
    }
  }

  get ready(): number {
    return this.current.backends.length
  }

  get desired(): number {
    return this.current.desired
  }

  /** Up to `count` different backends, beginning with the next in turn. */
  next(count: number): Backend[] {
    const { backends } = this.current
    const first = this.turn
    this.turn = (this.turn + 1) % Math.max(1, backends.length)
    return Array.from(
      { length: Math.min(count, backends.length) },
      (_, index) => backends[(first + index) % backends.length],
    ).flatMap((backend) => (backend ? [backend] : []))
  }

  close(): void {
    clearInterval(this.timer)
    this.watcher?.close()
  }

  private async read(): Promise<void> {
    const text = await readFile(this.path, 'utf8').catch(() => '')
    const parsed = backendsFile.safeParse(parseJson(text))
    // Without a readable file nothing changes: the last known backends are better than none.
    if (parsed.success) this.current = parsed.data
  }
}
