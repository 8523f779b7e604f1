import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { MigrationList } from '@prisma/schema-engine-wasm/schema_engine_bg'

/** Where the repository keeps its migrations and its schema; an installation that keeps them elsewhere says so. */
export const prismaFolder = fileURLToPath(new URL('../../prisma', import.meta.url))

const lockfile = 'migration_lock.toml'
/** As the Prisma CLI writes it, so that `prisma migrate deploy` takes the same folder. */
export const lockfileContent = `# Written by Prisma; belongs in version control.\nprovider = "postgresql"\n`

/** The migrations in the order of their names, as the engine takes them. */
export async function readMigrations(folder: string): Promise<MigrationList> {
  const base = join(folder, 'migrations')
  const names = (await readdir(base, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
  return {
    baseDir: base,
    lockfile: { path: lockfile, content: await readFile(join(base, lockfile), 'utf8').catch(() => null) },
    shadowDbInitScript: '',
    migrationDirectories: await Promise.all(
      names.map(async (path) => ({
        path,
        migrationFile: {
          path: 'migration.sql',
          content: { tag: 'ok' as const, value: await readFile(join(base, path, 'migration.sql'), 'utf8') },
        },
      })),
    ),
  }
}

/** Every file of the schema, as [path, text]. */
export async function readSchema(folder: string): Promise<[string, string][]> {
  const base = join(folder, 'schema')
  const names = (await readdir(base)).filter((name) => name.endsWith('.prisma')).sort()
  return Promise.all(
    names.map(async (name): Promise<[string, string]> => [join(base, name), await readFile(join(base, name), 'utf8')]),
  )
}
