import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { writeFileAtomic } from '@/lab/service-process'

const identity = z.object({ pid: z.int(), startTicks: z.int() })

const hostRecord = z.object({
  on: z.boolean(),
  since: z.string(),
  /** Why it is on or off, in words. */
  reason: z.string(),
  running: z.record(z.string(), identity),
})

const requestRecord = z.object({ token: z.string(), hostId: z.string(), action: z.enum(['start', 'stop']) })

const platformState = z.object({
  hosts: z.record(z.string(), hostRecord),
  /** Requests that were carried out, oldest first. */
  requests: z.array(requestRecord),
})

export type HostRecord = z.infer<typeof hostRecord>
export type RequestRecord = z.infer<typeof requestRecord>

/** More than any run makes; a token older than this many requests counts as new. */
const keptRequests = 1_000

/** What the platform knows beyond what the processes themselves tell: which hosts are meant to have power. */
export class PlatformState {
  private readonly content: z.infer<typeof platformState>
  private writing: Promise<void> = Promise.resolve()

  constructor(private readonly file: string) {
    this.content = existsSync(file)
      ? platformState.parse(JSON.parse(readFileSync(file, 'utf8')))
      : { hosts: {}, requests: [] }
  }

  host(hostId: string): HostRecord {
    const known = this.content.hosts[hostId]
    if (known !== undefined) return known
    const fresh = { on: true, since: new Date().toISOString(), reason: 'first start', running: {} }
    this.content.hosts[hostId] = fresh
    return fresh
  }

  request(token: string): RequestRecord | undefined {
    return this.content.requests.find((one) => one.token === token)
  }

  remember(request: RequestRecord): void {
    this.content.requests.push(request)
    this.content.requests.splice(0, Math.max(0, this.content.requests.length - keptRequests))
  }

  /** Resolves when everything said so far is on disk. */
  save(): Promise<void> {
    const write = () => writeFileAtomic(this.file, JSON.stringify(this.content))
    this.writing = this.writing.then(write, write)
    return this.writing
  }
}
