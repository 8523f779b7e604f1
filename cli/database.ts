import type { Db } from '@/server/db/client'
import type { MigrationConnection } from '@/server/db/schema-engine'
import { wrongUse } from './problem'

type Environment = Readonly<Record<string, string | undefined>>

/** The control database itself: for what must work while the console is away. @throws CommandProblem when it is not named */
export function databaseUrl(environment: Environment = process.env): string {
  const url = environment.LIFEBOAT_DATABASE_URL
  if (!url || !URL.canParse(url)) throw wrongUse('Set LIFEBOAT_DATABASE_URL to the control database (postgresql://…)')
  return url
}

export async function withDatabase<T>(work: (db: Db) => Promise<T>): Promise<T> {
  const url = databaseUrl()
  // Loaded when it is needed: most commands need no database, and start in a fraction of the time.
  const { createDb } = await import('@/server/db/client')
  const db = createDb(url, { max: 2 })
  try {
    return await work(db)
  } finally {
    await db.$disconnect()
  }
}

export function migrationConnection(): MigrationConnection {
  const url = new URL(databaseUrl())
  return {
    host: url.hostname,
    port: url.port ? Number(url.port) : 5432,
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
  }
}
