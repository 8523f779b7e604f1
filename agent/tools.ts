import { type ExecFileOptions, execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import type { AgentConfig } from './config'
import type { FileOwner } from './durable-file'

export type PostgresProgram = 'initdb' | 'pg_basebackup' | 'pg_controldata' | 'pg_rewind' | 'pg_waldump' | 'postgres'

/**
 * An environment of our own: nothing inherited can redirect libpq or change a tool's language. PGPASSFILE names the agent's
 * password file; service files and the user's own defaults are switched off.
 */
export function programEnvironment(config: AgentConfig): NodeJS.ProcessEnv {
  return {
    // Means nothing to PostgreSQL; the web framework's types demand it of every environment.
    NODE_ENV: 'production',
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
    PATH: `${config.postgres.binDirectory}:/usr/bin:/bin`,
    PGPASSFILE: passwordFile(config),
    PGSERVICEFILE: '/dev/null',
    PGSYSCONFDIR: '/nonexistent',
    HOME: '/nonexistent',
  }
}

/** Outside the data directory, which is copied to other servers. */
export function passwordFile(config: AgentConfig): string {
  return `${config.postgres.dataDirectory}.pgpass`
}

export function programPath(config: AgentConfig, program: PostgresProgram): string {
  return join(config.postgres.binDirectory, program)
}

/** How the agent's children run: as PostgreSQL's own user, beside the data directory (never in it: a fence kills what is there). */
export function childOptions(config: AgentConfig, owner: FileOwner | undefined) {
  return {
    cwd: dirname(config.postgres.dataDirectory),
    env: programEnvironment(config),
    ...(owner ? { uid: owner.uid, gid: owner.gid } : {}),
  }
}

export interface ToolResult {
  ok: boolean
  stdout: string
  stderr: string
  timedOut: boolean
}

/** What these programs print on success is small; more means that something else was started. */
const outputLimitBytes = 4 * 1024 * 1024

function run(program: string, args: string[], options: ExecFileOptions): Promise<ToolResult> {
  return new Promise((resolve) => {
    const limits = { maxBuffer: outputLimitBytes, killSignal: 'SIGKILL', encoding: 'utf8' } as const
    const child = execFile(program, args, { ...options, ...limits }, (error, stdout, stderr) => {
      resolve({ ok: error === null, stdout, stderr, timedOut: error?.killed === true })
    })
    child.stdin?.end()
  })
}

/** Runs a PostgreSQL program to its end. Never throws: the outcome is data. */
export async function runTool(
  config: AgentConfig,
  owner: FileOwner | undefined,
  program: PostgresProgram,
  args: string[],
  timeoutMs: number,
): Promise<ToolResult> {
  return await run(programPath(config, program), args, { ...childOptions(config, owner), timeout: timeoutMs })
}

/** Who files of PostgreSQL belong to; undefined when the agent runs as that user. */
export async function findOwner(osUser: string | null): Promise<FileOwner | undefined> {
  if (osUser === null || process.getuid?.() !== 0) return undefined
  const ask = (flag: string) => run('/usr/bin/id', [flag, '--', osUser], { timeout: 5_000 })
  const [uid, gid] = await Promise.all([ask('-u'), ask('-g')])
  if (!uid.ok || !gid.ok) throw new Error(`there is no operating-system user ${osUser}`)
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
}
