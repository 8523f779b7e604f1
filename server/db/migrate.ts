import pg from 'pg'
import { ensureAppRole } from './app-role'
import { prismaFolder, readMigrations, readSchema } from './migration-files'
import { type MigrationConnection, type SchemaEngine, withSchemaEngine } from './schema-engine'

const filters = { externalTables: [], externalEnums: [] }

/** Any number that nothing else locks on: whoever migrates first lets the others wait instead of failing after the engine's ten seconds. */
const migrationLock = 7_430_101

export class MigrationFailed extends Error {
  override readonly name = 'MigrationFailed'
}

export type MigrateOptions = {
  /** The role that the console and the workers sign in with; made, or given this password, before anything is applied. */
  appRole?: { name: string; password: string }
  folder?: string
}

/**
 * Brings a control database to the newest schema. Several at once are safe: one applies, the others wait and find nothing left to do.
 * Needs a role that owns the database and may create roles.
 * @returns names of the migrations that were applied
 * @throws MigrationFailed when a migration fails, or has failed before: it was rolled back whole, and nothing after it was applied
 */
export async function migrate(connection: MigrationConnection, options: MigrateOptions = {}): Promise<string[]> {
  // Exactly these fields: callers may hand over more than a connection is made of.
  const { host, port, user, password, database } = connection
  const target = { host, port, user, password, database }
  const guard = new pg.Client({ ...target, connectionTimeoutMillis: 10_000 })
  await guard.connect()
  try {
    await guard.query('SELECT pg_advisory_lock($1)', [migrationLock])
    if (options.appRole) await ensureAppRole(guard, options.appRole)
    return await apply(target, options.folder ?? prismaFolder)
  } finally {
    // Ending the session gives the lock back.
    await guard.end()
  }
}

/** Says that a failed migration may be tried again, once its cause is gone. It had been rolled back; nothing of it is in the database. */
export async function allowRetry(connection: MigrationConnection, migrationName: string): Promise<void> {
  await withSchemaEngine(connection, await readSchema(prismaFolder), (engine) =>
    engine.markMigrationRolledBack({ migrationName }),
  )
}

async function apply(connection: MigrationConnection, folder: string): Promise<string[]> {
  const migrationsList = await readMigrations(folder)
  return withSchemaEngine(connection, await readSchema(folder), async (engine) => {
    await refuseBrokenHistory(engine, migrationsList)
    try {
      const { appliedMigrationNames } = await engine.applyMigrations({ migrationsList, filters })
      return appliedMigrationNames
    } catch (error) {
      throw new MigrationFailed(
        `A migration failed and was rolled back; nothing after it was applied. ${messageOf(error)}`,
        { cause: error },
      )
    }
  })
}

async function refuseBrokenHistory(
  engine: SchemaEngine,
  migrationsList: Awaited<ReturnType<typeof readMigrations>>,
): Promise<void> {
  const found = await engine.diagnoseMigrationHistory({ migrationsList, optInToShadowDatabase: false, filters })
  if (found.failedMigrationNames.length > 0) {
    throw new MigrationFailed(
      `Nothing was applied: ${found.failedMigrationNames.join(', ')} failed before and was rolled back. ` +
        'Remove its cause, then run `npm run lifeboat -- migrate --retry <name>`.',
    )
  }
  if (found.editedMigrationNames.length > 0) {
    throw new MigrationFailed(
      `Nothing was applied: ${found.editedMigrationNames.join(', ')} changed after it was applied here. ` +
        'Restore the file as it was, and put the change into a new migration.',
    )
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
