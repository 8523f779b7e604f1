import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestPostgres, type TestPostgres } from '@/server/testing/postgres'
import { appendAudit } from './audit'
import { createDb, type Db } from './client'
import { allowRetry, MigrationFailed, migrate } from './migrate'
import { prismaFolder } from './migration-files'
import { withTransaction } from './tx'

let server: TestPostgres
let app: Db
const appRole = { name: 'lifeboat_app', password: 'a password of the installer’s' }

beforeAll(async () => {
  server = await startTestPostgres(64)
})
afterAll(async () => {
  await app?.$disconnect()
  await server?.stop()
})

async function sql<T extends pg.QueryResultRow>(text: string, connection: Partial<TestPostgres> = {}): Promise<T[]> {
  const { host, port, user, password, database } = { ...server, ...connection }
  const client = new pg.Client({ host, port, user, password, database })
  await client.connect()
  try {
    return (await client.query<T>(text)).rows
  } finally {
    await client.end()
  }
}

describe('migrate', () => {
  it('applies once when several begin at once, and makes the application’s role', async () => {
    const applied = await Promise.all([1, 2, 3].map(() => migrate(server, { appRole })))
    const folders = await readdir(join(prismaFolder, 'migrations'), { withFileTypes: true })
    const all = folders.filter((each) => each.isDirectory()).length
    expect(applied.map((each) => each.length).sort((a, b) => a - b)).toEqual([0, 0, all])
    const [role] = await sql<{ rolsuper: boolean; rolcreaterole: boolean }>(
      "SELECT rolsuper, rolcreaterole FROM pg_roles WHERE rolname = 'lifeboat_app'",
    )
    expect(role).toEqual({ rolsuper: false, rolcreaterole: false })
    app = createDb(
      `postgresql://${appRole.name}:${encodeURIComponent(appRole.password)}@${server.host}:${server.port}/${server.database}`,
    )
    expect(await app.service.count()).toBe(0)
  })

  it('leaves no scratch database and no lock behind', async () => {
    const names = await sql<{ datname: string }>('SELECT datname FROM pg_database')
    expect(names.some((each) => each.datname.startsWith('prisma_migrate'))).toBe(false)
    expect(await sql("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'")).toEqual([])
  })

  it('a failed migration is rolled back whole and blocks, until its cause is gone and someone says so', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lifeboat-migrations-'))
    try {
      await cp(prismaFolder, folder, { recursive: true })
      const bad = '29990101000000_bad'
      await mkdir(join(folder, 'migrations', bad))
      await writeFile(
        join(folder, 'migrations', bad, 'migration.sql'),
        'CREATE TABLE half (id int); DO $$ BEGIN PERFORM 1 / (SELECT count(*) FROM service); END $$;',
      )
      await expect(migrate(server, { folder })).rejects.toThrow(MigrationFailed)
      expect(await sql("SELECT to_regclass('half') AS found")).toEqual([{ found: null }])
      await expect(migrate(server, { folder })).rejects.toThrow(`${bad} failed before`)
      await sql("INSERT INTO service (id, name, config, config_digest, updated_at) VALUES ('s', 's', '{}', '', now())")
      await allowRetry(server, bad)
      expect(await migrate(server, { folder })).toEqual([bad])
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})

describe('the audit trail in the database', () => {
  const append = (db: Db) =>
    withTransaction(db, (tx) =>
      appendAudit(tx, {
        at: new Date(),
        actor: { type: 'system', id: 'test' },
        action: 'test.append',
        subject: 'test',
        serviceId: null,
        runId: null,
        outcome: 'ok',
        data: { text: 'ü\u2028', big: 1e21, small: 0.1 },
      }),
    )

  it('can be added to and read by the application’s role', async () => {
    const first = await append(app)
    const second = await append(app)
    expect(second.seq).toBe(first.seq + 1)
    expect(await app.auditEntry.count()).toBeGreaterThanOrEqual(2)
  })

  it.each(["UPDATE audit_entry SET action = 'x'", 'DELETE FROM audit_entry', 'TRUNCATE audit_entry'])(
    'refuses %s to the application and to the owner',
    async (statement) => {
      const asApp = sql(statement, { user: appRole.name, password: appRole.password })
      await expect(asApp).rejects.toThrow('permission denied')
      await expect(sql(statement)).rejects.toThrow('append-only')
    },
  )

  it('does not let the application delete the head or touch the list of migrations', async () => {
    const asApp = { user: appRole.name, password: appRole.password }
    await expect(sql('DELETE FROM audit_head', asApp)).rejects.toThrow('permission denied')
    await expect(sql('SELECT * FROM _prisma_migrations', asApp)).rejects.toThrow('permission denied')
    await expect(sql('CREATE TABLE mine (id int)', asApp)).rejects.toThrow('permission denied')
  })

  it('grows without a fork when many append at once', async () => {
    const seqs = (await Promise.all(Array.from({ length: 30 }, () => append(app)))).map((each) => each.seq)
    expect(new Set(seqs).size).toBe(30)
  })

  it('delivers an event on commit, and none of a transaction that was rolled back', async () => {
    const { emitEvent } = await import('./events')
    const { host, port, user, password, database } = server
    const client = new pg.Client({ host, port, user, password, database })
    await client.connect()
    const heard: string[] = []
    const arrived = new Promise<void>((resolve) => {
      client.on('notification', (message) => {
        heard.push(message.payload ?? '')
        resolve()
      })
    })
    await client.query('LISTEN lifeboat_event')
    const event = { kind: 'run.changed', serviceId: null, runId: 'r', data: {} }
    const rolledBack = withTransaction(app, async (tx) => {
      await emitEvent(tx, event)
      throw new Error('not this time')
    })
    await expect(rolledBack).rejects.toThrow('not this time')
    await withTransaction(app, (tx) => emitEvent(tx, event))
    await arrived
    await client.end()
    const rows = await app.event.findMany()
    expect(heard).toEqual(rows.map((row) => String(row.id)))
  })
})
