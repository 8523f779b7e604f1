import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { hostName } from './config'
import { isMissing } from './durable-file'

/**
 * A libpq connection string. Values are quoted, so that none can add a keyword of its own: `dbname=x host=elsewhere` in a
 * value would otherwise override the host.
 */
export function conninfo(parameters: Record<string, string | number>): string {
  return Object.entries(parameters)
    .map(([key, value]) => `${key}='${String(value).replace(/[\\']/g, (character) => `\\${character}`)}'`)
    .join(' ')
}

/** One line of a libpq password file that fits every host. */
export function passwordLine(user: string, password: string): string {
  const quote = (text: string) => text.replace(/[\\:]/g, (character) => `\\${character}`)
  return `*:*:*:${quote(user)}:${quote(password)}\n`
}

/** A value in postgresql.conf. */
export function quoteSetting(value: string): string {
  return `'${value.replace(/\\/g, '\\\\').replace(/'/g, "''")}'`
}

const hostsFile = z.record(z.string(), hostName)

/** The address behind an upstream's name, as the hosts file has it; the name itself when the file or the entry is not there. */
export async function resolveHost(name: string, path: string | undefined): Promise<string> {
  if (!path) return name
  try {
    return hostsFile.parse(JSON.parse(await readFile(path, 'utf8')))[name] ?? name
  } catch (error) {
    if (isMissing(error)) return name
    throw error
  }
}
