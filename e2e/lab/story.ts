import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { LabClient } from '@/lab/client'
import { labPaths } from '@/lab/paths'
import { repository } from '@/lab/settings'
import { eventually } from '@/lab/testing'

/** A whole lab with console and workers of a test's own, started the way a person starts it, and driven through what everyone can use. */
export type Person = 'viewer' | 'operator' | 'approver' | 'approver2' | 'admin'

const account = z.object({ email: z.string(), password: z.string(), token: z.string() })
export type Account = z.infer<typeof account>
const accessFile = z.object({ url: z.string(), users: z.record(z.string(), account) })

export type Answer = { status: number; type: string; body: unknown }

export class Story {
  readonly lab: LabClient

  constructor(
    readonly net: number,
    readonly stateDirectory: string,
    readonly url: string,
    private readonly accounts: Record<string, Account>,
    private readonly supervisor: ChildProcess,
  ) {
    this.lab = new LabClient(net, this.paths)
  }

  get paths() {
    return labPaths(this.stateDirectory)
  }

  account(who: string): Account {
    const found = this.accounts[who]
    if (!found) throw new TypeError(`access.json knows no ${who}`)
    return found
  }

  /** One call of the HTTP API as one of the five people; nobody when `who` is null. */
  async call(who: Person | null, method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(who ? { authorization: `Bearer ${this.account(who).token}` } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(20_000),
    })
    const text = await response.text()
    const type = response.headers.get('content-type') ?? ''
    return { status: response.status, type, body: type.includes('json') && text !== '' ? JSON.parse(text) : text }
  }

  /** The same, parsed; a call that fails or says no is an error with what was said. */
  async read<T>(schema: z.ZodType<T>, path: string, who: Person = 'viewer'): Promise<T> {
    const answer = await this.call(who, 'GET', path)
    if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return schema.parse(answer.body)
  }

  /** The same, while the console may be away: null then. */
  async glance<T>(schema: z.ZodType<T>, path: string, who: Person = 'viewer'): Promise<T | null> {
    return this.read(schema, path, who).catch(() => null)
  }

  /** Ctrl-C, as a person would; what has not ended by then is said. */
  async stop(): Promise<void> {
    if (this.supervisor.exitCode === null) {
      this.supervisor.kill('SIGINT')
      await Promise.race([once(this.supervisor, 'exit'), new Promise((resolve) => setTimeout(resolve, 20_000))])
    }
    if (this.supervisor.exitCode === null) this.supervisor.kill('SIGKILL')
    rmSync(this.stateDirectory, { recursive: true, force: true })
    rmSync(this.paths.data, { recursive: true, force: true })
  }
}

export type StoryOptions = {
  net: number
  port: number
  instances?: string
  traffic?: string
  env?: Record<string, string>
}

/**
 * Starts a fresh lab. Its state lies below the project's own state directory, so that it is found when a test is killed.
 * @returns when the console answers, the writer is known, replication streams and the service is ready to fail over
 */
export async function startStory(name: string, options: StoryOptions): Promise<Story> {
  const stateDirectory = join(repository, '.lifeboat', 'tests', name)
  const paths = labPaths(stateDirectory)
  rmSync(stateDirectory, { recursive: true, force: true })
  rmSync(paths.data, { recursive: true, force: true })
  mkdirSync(stateDirectory, { recursive: true })
  const log = openSync(join(stateDirectory, 'start.log'), 'w')
  const supervisor = spawn(join(repository, 'node_modules/.bin/tsx'), ['lab/start.ts'], {
    cwd: repository,
    stdio: ['ignore', log, log],
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      LIFEBOAT_STATE_DIR: stateDirectory,
      LIFEBOAT_LAB_NET: String(options.net),
      LIFEBOAT_PORT: String(options.port),
      LIFEBOAT_LAB_INSTANCES: options.instances ?? '4/2',
      LIFEBOAT_LAB_TRAFFIC: options.traffic ?? '20/20',
      // The standby that is held behind is one test's own story; elsewhere it is a server more on a small machine.
      LIFEBOAT_LAB_DELAYED: 'off',
      ...options.env,
    },
  })
  const access = await eventually(
    'the lab to write access.json',
    () => {
      if (supervisor.exitCode !== null)
        throw new Error(`npm start ended: ${readFileSync(join(stateDirectory, 'start.log'), 'utf8')}`)
      return readAccess(paths.access)
    },
    120_000,
  )
  const story = new Story(options.net, stateDirectory, access.url, access.users, supervisor)
  const ready = z.object({ readiness: z.object({ status: z.string(), sentence: z.string() }) })
  let said = 'nothing'
  try {
    await eventually(
      'the service to be ready to fail over',
      async () => {
        const readiness = (await story.glance(ready, '/api/v1/services/shortener'))?.readiness
        said = readiness?.sentence ?? said
        return readiness?.status === 'ready'
      },
      90_000,
    )
    return story
  } catch (error) {
    // A supervisor that is left would hold the net that the next story wants.
    await story.stop()
    throw new Error(`${error instanceof Error ? error.message : error}; it said: ${said}`)
  }
}

function readAccess(path: string): z.infer<typeof accessFile> | null {
  try {
    return accessFile.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return null
  }
}
