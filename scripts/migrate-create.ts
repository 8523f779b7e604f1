import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { lockfileContent, prismaFolder, readMigrations, readSchema } from '@/server/db/migration-files'
import { withSchemaEngine } from '@/server/db/schema-engine'
import { startTestPostgres } from '@/server/testing/postgres'

/**
 * `npm run migrate:create -- <name>`: writes the SQL that leads from the migrations to the schema into a new folder; without a name it only says whether
 * there is a difference (exit code 2 when there is). Compares on a PostgreSQL of its own, which it starts and throws away.
 */
const net = Number(process.argv.find((each) => each.startsWith('--net='))?.slice(6) ?? 64)
const name = process.argv.slice(2).find((each) => !each.startsWith('--'))

async function difference(): Promise<string | null> {
  const schema = await readSchema(prismaFolder)
  const files = schema.map(([path, content]) => ({ path, content }))
  const migrations = await readMigrations(prismaFolder)
  const server = await startTestPostgres(net)
  try {
    const { host, port, user, password, database } = server
    return await withSchemaEngine({ host, port, user, password, database }, schema, async (engine) => {
      const result = await engine.diff({
        from: migrations.migrationDirectories.length === 0 ? { tag: 'empty' } : { tag: 'migrations', ...migrations },
        to: { tag: 'schemaDatamodel', files },
        script: true,
        exitCode: true,
        filters: { externalTables: [], externalEnums: [] },
      })
      return result.exitCode === 2 ? (result.stdout ?? '') : null
    })
  } finally {
    await server.stop()
  }
}

if (name !== undefined && !/^[a-z][a-z0-9_]*$/.test(name))
  throw new Error('A name is lower-case words with underscores')
const sql = await difference()
if (sql === null) console.log('The migrations lead to the schema; nothing was written.')
else if (name === undefined) {
  console.log(sql)
  process.exitCode = 2
} else {
  const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14)
  const folder = join(prismaFolder, 'migrations', `${stamp}_${name}`)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'migration.sql'), sql)
  await writeFile(join(prismaFolder, 'migrations', 'migration_lock.toml'), lockfileContent)
  console.log(`Wrote prisma/migrations/${stamp}_${name}/migration.sql: read it before it is committed.`)
}
// The engine keeps a timer of ten seconds that nothing waits for.
process.exit()
