import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { emitEvent } from '@/server/db/events'
import { withTransaction } from '@/server/db/tx'
import { type EventView, eventView } from '@/server/queries/dto/records'
import { startTestConsole, type TestConsole } from '@/server/testing/console'

let lifeboat: TestConsole
const open: Listener[] = []

beforeAll(async () => {
  lifeboat = await startTestConsole(65)
}, 60_000)
afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
})
afterAll(() => lifeboat?.stop())

const emit = (kind: string, serviceId: string | null = 'shortener') =>
  withTransaction(lifeboat.db, (tx) => emitEvent(tx, { kind, serviceId, runId: null, data: {} }))

type Listener = {
  status: number
  ended: Promise<void>
  lines(): string
  events(): EventView[]
  /** Waits until the text so far satisfies; fails after a deadline. */
  until(satisfied: (text: string) => boolean, ms?: number): Promise<void>
  close(): Promise<void>
}

async function listen(as: 'viewer' | 'admin' | 'stranger', headers: Record<string, string> = {}): Promise<Listener> {
  const abort = new AbortController()
  const response = await lifeboat.call({ path: '/api/v1/events', as, headers, signal: abort.signal })
  let text = ''
  const read = async () => {
    const decoder = new TextDecoder()
    const reader = response.body?.getReader()
    for (;;) {
      const next = await reader?.read()
      if (!next || next.done) return
      text += decoder.decode(next.value)
    }
  }
  const ended = read()
  const listener: Listener = {
    status: response.status,
    ended,
    lines: () => text,
    events: () => [...text.matchAll(/^data: (\{"id".*)$/gm)].map((hit) => eventView.parse(JSON.parse(hit[1] ?? ''))),
    async until(satisfied, ms = 8_000) {
      const deadline = Date.now() + ms
      while (!satisfied(text)) {
        if (Date.now() > deadline) throw new Error(`Not seen in ${ms} ms. Seen:\n${text}`)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    },
    async close() {
      abort.abort()
      await ended
    },
  }
  open.push(listener)
  await listener.until((so) => so.includes(': listening'))
  return listener
}

/** Events are told once the process listens; until then the stream has begun but nothing can be missed. */
async function listening(as: 'viewer' | 'admin', headers: Record<string, string> = {}): Promise<Listener> {
  const listener = await listen(as, headers)
  const deadline = Date.now() + 8_000
  const before = listener.events().length
  while (listener.events().length === before) {
    if (Date.now() > deadline) throw new Error('The stream does not begin')
    await emit('service.changed', 'warm-up')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return listener
}

const of = (listener: Listener, service: string | null) =>
  listener.events().filter((event) => event.service === service)

describe('event stream', () => {
  it('delivers what commits, in order, with its id', async () => {
    const listener = await listening('admin')
    await emit('run.changed', 'one')
    await emit('incident.changed', 'one')
    await listener.until(() => of(listener, 'one').length === 2)
    expect(of(listener, 'one').map((event) => event.kind)).toEqual(['run.changed', 'incident.changed'])
    for (const event of of(listener, 'one')) expect(listener.lines()).toContain(`id: ${event.id}\n`)
  })

  it('does not tell what is rolled back', async () => {
    const listener = await listening('admin')
    await withTransaction(lifeboat.db, async (tx) => {
      await emitEvent(tx, { kind: 'run.changed', serviceId: 'undone', runId: null, data: {} })
      throw new Error('undo')
    }).catch(() => undefined)
    await emit('run.changed', 'done')
    await listener.until(() => of(listener, 'done').length === 1)
    expect(of(listener, 'undone')).toEqual([])
  })

  it('tells only what the reader may know', async () => {
    const grant = { userId: lifeboat.people.stranger.id, service: 'mine', role: 'viewer' }
    await lifeboat.db.grant.create({ data: grant })
    const all = await listening('admin')
    const mine = await listen('stranger')
    for (const service of ['mine', 'theirs']) {
      await emit('service.changed', service)
      await emit('audit.appended', service)
    }
    await emit('run.changed', 'mine')
    await all.until(() => of(all, 'mine').length === 3 && of(all, 'theirs').length === 2)
    await mine.until(() => of(mine, 'mine').length === 2)
    expect(mine.events().map((event) => [event.service, event.kind])).toEqual([
      ['mine', 'service.changed'],
      ['mine', 'run.changed'],
    ])
    await lifeboat.db.grant.deleteMany({ where: { userId: grant.userId } })
  })

  it('replays what came after the id that the reader had last', async () => {
    const first = await listening('admin')
    await emit('run.changed', 'seen')
    await first.until(() => of(first, 'seen').length === 1)
    const last = of(first, 'seen')[0]?.id ?? ''
    await first.close()
    await emit('run.changed', 'missed')
    await emit('service.changed', 'missed')
    const again = await listen('admin', { 'last-event-id': last })
    await again.until(() => of(again, 'missed').length === 2)
    await emit('run.changed', 'later')
    await again.until(() => of(again, 'later').length === 1)
    expect(of(again, 'missed')).toHaveLength(2)
  })

  it('ends when the reader goes away', async () => {
    const listener = await listening('viewer')
    await listener.close()
    await expect(listener.ended).resolves.toBeUndefined()
  })

  it('survives a restart of the control database, and tells what happened since', async () => {
    const listener = await listening('admin')
    await lifeboat.database.restart()
    const deadline = Date.now() + 15_000
    for (;;) {
      try {
        await emit('run.changed', 'after-restart')
        break
      } catch (error) {
        if (Date.now() > deadline) throw error
      }
    }
    await listener.until(() => of(listener, 'after-restart').length === 1, 15_000)
  })
})
