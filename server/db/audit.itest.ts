import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { verifyChain } from '@/server/domain/audit-chain'
import { startTestDatabase, type TestPostgres } from '@/server/testing/postgres'
import { appendAudit } from './audit'
import { createDb, type Db } from './client'
import { readAuditEntries } from './repositories/audit-entries'
import { withTransaction } from './tx'

let server: TestPostgres
const processes: Db[] = []

beforeAll(async () => {
  server = await startTestDatabase(86)
  for (let at = 0; at < 2; at += 1) processes.push(createDb(server.url, { max: 4 }))
})
afterAll(async () => {
  await Promise.all(processes.map((db) => db.$disconnect()))
  await server?.stop()
})

class GivenUp extends Error {}

/** One entry, in a transaction that some give up after they wrote it. */
function append(db: Db, subject: string, giveUp: boolean): Promise<{ seq: number; hash: string }> {
  return withTransaction(db, async (tx) => {
    const made = await appendAudit(tx, {
      at: new Date(),
      actor: { type: 'worker', id: 'worker-a', vantage: 'vantage-a' },
      action: 'test.made',
      subject,
      serviceId: null,
      runId: null,
      outcome: 'ok',
      data: { subject },
    })
    if (giveUp) throw new GivenUp()
    return made
  })
}

describe('appendAudit', () => {
  it('keeps one chain under many writers, of whom some give up', async () => {
    const [a, b] = processes
    if (!a || !b) throw new TypeError('two clients were made')
    const kept: string[] = []
    const writer = async (name: string, db: Db) => {
      for (let n = 0; n < 25; n += 1) {
        const giveUp = n % 5 === 3
        const done = await append(db, `${name}-${n}`, giveUp).catch((error: unknown) => {
          if (!(error instanceof GivenUp)) throw error
          return null
        })
        if (done) kept.push(`${name}-${n}`)
      }
    }
    await Promise.all([writer('one', a), writer('two', a), writer('three', b), writer('four', b)])
    expect(kept).toHaveLength(80)
    const told: string[] = []
    for await (const entry of readAuditEntries(a)) told.push(entry.subject)
    expect(told.toSorted()).toEqual(kept.toSorted())
    expect(await verifyChain(readAuditEntries(a))).toMatchObject({ ok: true, entries: 80 })
  })

  it('follows the head as it is after others moved it and after its own was given up', async () => {
    const [a] = processes
    if (!a) throw new TypeError('a client was made')
    const first = await append(a, 'first', false)
    await append(a, 'given up', true).catch(() => undefined)
    // What another process does: this one does not hear of it.
    await a.$executeRaw`
      WITH moved AS (UPDATE audit_head SET seq = seq + 1, hash = repeat('e', 64) WHERE id = 1 RETURNING seq)
      INSERT INTO audit_entry (seq, at, actor, action, subject, outcome, data, prev_hash, hash)
      SELECT seq, now(), '{}', 'test.made', 'of another', 'ok', '{}', ${first.hash}, repeat('e', 64) FROM moved`
    const next = await append(a, 'next', false)
    expect(next.seq).toBe(first.seq + 2)
    const row = await a.auditEntry.findUniqueOrThrow({ where: { seq: BigInt(next.seq) } })
    expect(row.prevHash).toBe('e'.repeat(64))
  })
})
