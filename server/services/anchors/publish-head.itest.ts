import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { appendAudit } from '@/server/db/audit'
import { withTransaction } from '@/server/db/tx'
import type { AnchorStore } from '@/server/ports/managed'
import { startTestDatabase, type TestPostgres } from '@/server/testing/postgres'
import { movedClock, testWorker } from '@/server/testing/watched'
import { anchorKey, publishHead, readAnchor, readAnchors } from './publish-head'

const clock = movedClock(Date.parse('2027-01-01T00:00:00.000Z'))
let server: TestPostgres
let a: ReturnType<typeof testWorker>

beforeAll(async () => {
  server = await startTestDatabase(67)
  a = testWorker(server.url, 'vantage-a', clock)
})
afterAll(async () => {
  await a?.close()
  await server?.stop()
})

/** Write-once memory: what an object store with conditional puts does. */
function memoryStore(name: string): AnchorStore & { objects: Map<string, string>; puts: number } {
  const objects = new Map<string, string>()
  return {
    name,
    objects,
    puts: 0,
    async putOnce(key, body) {
      this.puts += 1
      if (objects.has(key)) return false
      objects.set(key, body)
      return true
    },
    get: async (key) => objects.get(key) ?? null,
    list: async (prefix) => [...objects.keys()].filter((key) => key.startsWith(prefix)),
  }
}

async function append(): Promise<{ seq: number; hash: string }> {
  return withTransaction(a.db, (tx) =>
    appendAudit(tx, {
      at: new Date(clock.now()),
      actor: a.actor,
      action: 'test.entry',
      subject: 'service/shortener',
      serviceId: null,
      runId: null,
      outcome: 'ok',
      data: {},
    }),
  )
}

describe('publishHead', () => {
  it('publishes nothing of an empty chain, each new head once, and nothing while it does not move', async () => {
    const store = memoryStore('one')
    expect(await publishHead(a, store)).toMatchObject({ anchored: false })
    expect(store.puts).toBe(0)
    await append()
    const head = await append()
    expect(await publishHead(a, store)).toEqual({ seq: head.seq, anchored: true, conflict: false })
    expect(await publishHead(a, store)).toMatchObject({ anchored: false })
    expect(store.puts).toBe(1)
    expect([...store.objects.keys()]).toEqual([anchorKey(head.seq)])
    expect(await readAnchor(store, head.seq)).toMatchObject({ seq: head.seq, hash: head.hash })
    const rows = await a.db.auditAnchor.findMany({ where: { store: 'one' } })
    expect(rows.map((row) => [Number(row.seq), row.hash])).toEqual([[head.seq, head.hash]])
  })

  it('takes a head that another worker has put already for published', async () => {
    const head = await append()
    const store = memoryStore('two')
    store.objects.set(anchorKey(head.seq), JSON.stringify({ ...head, anchoredAt: clock.at() }))
    expect(await publishHead(a, store)).toMatchObject({ anchored: true, conflict: false })
  })

  it('says so when the store holds another hash, and keeps what is there', async () => {
    const head = await append()
    const store = memoryStore('three')
    const other = JSON.stringify({ seq: head.seq, hash: 'f'.repeat(64), anchoredAt: clock.at() })
    store.objects.set(anchorKey(head.seq), other)
    expect(await publishHead(a, store)).toMatchObject({ anchored: false, conflict: true })
    expect(store.objects.get(anchorKey(head.seq))).toBe(other)
    expect(await a.db.auditAnchor.count({ where: { store: 'three' } })).toBe(0)
  })

  it('reads the newest heads back, oldest first', async () => {
    const store = memoryStore('four')
    const seqs: number[] = []
    for (let n = 0; n < 3; n++) {
      seqs.push((await append()).seq)
      await publishHead(a, store)
    }
    expect((await readAnchors(store, 2)).map((each) => each.seq)).toEqual(seqs.slice(1))
  })
})
