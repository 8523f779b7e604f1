import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Logger, pino } from 'pino'
import { z } from 'zod'

/**
 * Reads the process's JSON configuration, named on its command line, and refuses to start with a readable message when
 * it is missing or wrong (exit code 2).
 */
export function configFromArguments<T>(name: string, schema: z.ZodType<T>): T {
  const path = process.argv[2]
  if (path === undefined) return refuse(name, `usage: ${name} <config.json>`)
  let input: unknown
  try {
    input = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    return refuse(name, `cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`)
  }
  return validConfig(name, path, schema, input)
}

/** The configuration, or the end of the process with one line a problem. */
export function validConfig<T>(name: string, source: string, schema: z.ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input)
  return parsed.success ? parsed.data : refuse(name, `${source} is wrong:\n${z.prettifyError(parsed.error)}`)
}

function refuse(name: string, message: string): never {
  process.stderr.write(`${name} did not start: ${message}\n`)
  process.exit(2)
}

/** A secret as a file holds it, without the line end. */
export function readSecret(path: string): string {
  return readFileSync(path, 'utf8').trim()
}

export function processLogger(name: string): Logger {
  return pino({ name, level: process.env.LOG_LEVEL ?? 'info' })
}

/**
 * Starts a process and ends it cleanly: on SIGTERM or SIGINT `close` runs once, bounded, then the process exits 0. A
 * start that fails exits 1 with the reason.
 */
export async function runProcess(name: string, start: (logger: Logger) => Promise<() => Promise<void>>): Promise<void> {
  const logger = processLogger(name)
  try {
    const close = await start(logger)
    let stopping = false
    const stop = (signal: NodeJS.Signals) => {
      if (stopping) return
      stopping = true
      logger.info({ signal }, 'stopping')
      setTimeout(() => process.exit(1), 5_000).unref()
      void close()
        .catch((error: unknown) => logger.error({ error }, 'did not stop cleanly'))
        .finally(() => process.exit(0))
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
  } catch (error) {
    logger.fatal({ reason: error instanceof Error ? error.message : String(error) }, 'did not start')
    process.exit(1)
  }
}

/** Replaces a file whole and durably: a reader, and a start after a crash, sees the old or the new content. */
export async function writeFileAtomic(path: string, content: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`
  const file = await open(temporary, 'w', 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
  await syncDirectory(dirname(path))
}

/** Makes a rename in this directory survive a power loss. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
