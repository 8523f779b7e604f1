import { readFileSync, writeFileSync } from 'node:fs'

/**
 * `npm run lock`, after each `npm install`. npm leaves out of the lock what the registry does not have for other systems, and `npm ci` then refuses the lock.
 * This puts a bare entry back for every optional dependency with an exact version that has none.
 */
type Entry = {
  version?: string
  optionalDependencies?: Record<string, string>
  dev?: boolean
  os?: string[]
  cpu?: string[]
  optional?: boolean
}
type Lock = { packages: Record<string, Entry> }

const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32']
const processors = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'ppc64le', 'riscv64', 's390x', 'x64']

/** The system and processor that the usual names of such packages end in. */
function platformOf(name: string): Pick<Entry, 'os' | 'cpu'> {
  const parts = name.split(/[-/]/)
  const os = systems.filter((system) => parts.includes(system))
  const cpu = processors.filter((processor) => parts.includes(processor))
  return { ...(os.length > 0 ? { os } : {}), ...(cpu.length > 0 ? { cpu } : {}) }
}

const lock: Lock = JSON.parse(readFileSync('package-lock.json', 'utf8'))
let added = 0
for (const [at, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const known = lock.packages[`${at}/node_modules/${name}`] ?? lock.packages[`node_modules/${name}`]
    if (!/^\d/.test(version) || known) continue
    lock.packages[`node_modules/${name}`] = {
      version,
      ...platformOf(name),
      ...(entry.dev ? { dev: true } : {}),
      optional: true,
    }
    added += 1
  }
}
const packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)))
writeFileSync('package-lock.json', `${JSON.stringify({ ...lock, packages }, null, 2)}\n`)
console.log(`${added} entries added to package-lock.json`)
