import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestDatabase, type TestPostgres } from '@/server/testing/postgres'
import { createDb, type Db } from './client'

let server: TestPostgres
let db: Db

beforeAll(async () => {
  server = await startTestDatabase(86)
  const first = createDb(server.url, { max: 1 })
  await first.$executeRaw`ALTER DATABASE lifeboat SET TimeZone = 'Asia/Kolkata'`
  await first.$disconnect()
  db = createDb(server.url)
})
afterAll(async () => {
  await db?.$disconnect()
  await server?.stop()
})

it('stores an instant as it is, whatever the zone that the database prefers', async () => {
  const seenAt = new Date('2026-03-01T12:00:00.000Z')
  await db.processHeartbeat.create({
    data: { id: 'worker-a', kind: 'worker', vantage: 'vantage-a', seenAt, startedAt: seenAt, detail: {} },
  })
  const stored = await db.$queryRaw<{ epoch: number }[]>`
    SELECT extract(epoch FROM seen_at)::float8 AS epoch FROM process_heartbeat`
  expect(stored).toEqual([{ epoch: seenAt.getTime() / 1000 }])
  expect((await db.processHeartbeat.findFirstOrThrow()).seenAt).toEqual(seenAt)
})
