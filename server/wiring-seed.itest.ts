import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { createDb, type Db } from '@/server/db/client'
import { authenticateToken } from '@/server/services/access/authenticate-token'
import { testConfig } from '@/server/testing/facts'
import { startTestDatabase, type TestPostgres } from '@/server/testing/postgres'
import { seed } from './wiring-seed'

let server: TestPostgres
let db: Db
let folder: string

beforeAll(async () => {
  server = await startTestDatabase(64)
  db = createDb(server.url, { max: 2 })
  folder = await mkdtemp(join(tmpdir(), 'lifeboat-seed-'))
  await writeFile(join(folder, 'lifeboat.yaml'), stringify({ version: 1, services: [testConfig()] }))
})
afterAll(async () => {
  await db?.$disconnect()
  await server?.stop()
  await rm(folder, { recursive: true, force: true })
})

const accessPath = () => join(folder, 'access.json')
const start = (publicUrl = 'http://127.0.0.1:3000') =>
  seed({ databaseUrl: server.url, configPath: join(folder, 'lifeboat.yaml'), publicUrl, accessPath: accessPath() })

describe('seed', () => {
  it('makes five people who can sign in, and applies the configuration', async () => {
    const { access, applied } = await start()
    expect(Object.keys(access.users)).toEqual(['viewer', 'operator', 'approver', 'approver2', 'admin'])
    expect(applied).toMatchObject([{ service: 'shortener', change: 'created' }])
    expect((await stat(accessPath())).mode & 0o777).toBe(0o600)
    expect(JSON.parse(await readFile(accessPath(), 'utf8'))).toEqual(access)
    const who = await authenticateToken(db, access.users.approver2?.token ?? '', Date.now())
    expect(who).toMatchObject({
      actor: { email: 'approver2@lifeboat.lab' },
      grants: [{ role: 'approver', service: '*' }],
    })
    const trail = JSON.stringify(await db.auditEntry.findMany({ select: { data: true } }))
    for (const user of Object.values(access.users)) {
      expect(trail).not.toContain(user.password)
      expect(trail).not.toContain(user.token)
    }
  })

  it('keeps the sign-ins on a second start, with the new address', async () => {
    const before = await start()
    const after = await start('http://127.0.0.1:4000')
    expect(after.access.users).toEqual(before.access.users)
    expect(after.access.url).toBe('http://127.0.0.1:4000')
    expect(after.applied).toMatchObject([{ change: 'unchanged' }])
    expect(await db.user.count()).toBe(5)
  })

  it('gives who may break the glass a second factor for that alone, and keeps it while the process secret stays', async () => {
    const withSecret = (secret: string) =>
      seed({
        databaseUrl: server.url,
        configPath: join(folder, 'lifeboat.yaml'),
        publicUrl: 'http://127.0.0.1:3000',
        accessPath: accessPath(),
        secret,
      })
    const { access } = await withSecret('a process secret of 32 characters')
    expect(access.users.admin?.totpSecret).toMatch(/^[A-Z2-7]{32}$/)
    expect(access.users.operator?.totpSecret).toBeUndefined()
    expect((await withSecret('a process secret of 32 characters')).access.users).toEqual(access.users)
    const rows = await db.secondFactor.findMany()
    expect(rows).toMatchObject([{ atSignIn: false, confirmedAt: expect.any(Date) }])
    const renewed = await withSecret('another process secret, 32 letters')
    expect(renewed.access.users.admin?.totpSecret).not.toBe(access.users.admin?.totpSecret)
    const trail = JSON.stringify(await db.auditEntry.findMany({ select: { data: true } }))
    expect(trail).not.toContain(access.users.admin?.totpSecret)
  })

  it('makes anew what no longer works, and what was lost', async () => {
    const { access } = await start()
    await db.apiToken.updateMany({ where: { user: { email: 'viewer@lifeboat.lab' } }, data: { revokedAt: new Date() } })
    const repaired = await start()
    expect(repaired.access.users.viewer?.token).not.toBe(access.users.viewer?.token)
    expect(repaired.access.users.admin).toEqual(access.users.admin)
    await writeFile(accessPath(), '{"url": "http')
    const renewed = await start()
    expect(await authenticateToken(db, access.users.admin?.token ?? '', Date.now())).toBeNull()
    expect(await authenticateToken(db, renewed.access.users.admin?.token ?? '', Date.now())).not.toBeNull()
    expect(await db.user.count()).toBe(5)
  })
})
