import { lookup as systemLookup } from 'node:dns'
import { readFileSync, statSync } from 'node:fs'
import type { LookupFunction } from 'node:net'
import { z } from 'zod'

/** How names of `lifeboat.yaml` become addresses, from one vantage point. */
export interface Names {
  /** The address that the hosts file has for a name, else the name itself. */
  lookup(name: string): string
  /** The same for sockets: hosts file first, then the system's resolver. Keeps TLS names and Host headers as configured. */
  socketLookup: LookupFunction
}

const hosts = z.record(z.string(), z.ipv4())

/**
 * Names from a JSON file (`{"db-east-1.lab": "127.42.181.11"}`), read again whenever it changes, so that a moved host needs no
 * restart. A file that is missing or half written leaves the last good map in force.
 */
export function createNames(file: string | null): Names {
  let known: Record<string, string> = {}
  let version = ''

  const refresh = (): void => {
    if (file === null) return
    try {
      const { mtimeMs, size, ino } = statSync(file)
      const current = `${mtimeMs}:${size}:${ino}`
      if (current === version) return
      known = hosts.parse(JSON.parse(readFileSync(file, 'utf8')))
      version = current
    } catch {
      // The next look-up tries again.
    }
  }
  const lookup = (name: string): string => {
    refresh()
    return known[name.toLowerCase()] ?? name
  }
  const socketLookup: LookupFunction = (hostname, options, callback) => {
    const address = lookup(hostname)
    if (address === hostname) return systemLookup(hostname, options, callback)
    if (options.all) return callback(null, [{ address, family: 4 }])
    return callback(null, address, 4)
  }
  return { lookup, socketLookup }
}
