import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createNames } from '@/server/adapters/names'
import { createPostgresServer } from '@/server/adapters/postgres/postgres-server'
import { startTestPostgres, type TestPostgres } from '@/server/testing/postgres'
import { mergeRows } from './operations/merge-rows'
import { type SessionTarget, withSession } from './session'

let server: TestPostgres
let target: SessionTarget
beforeAll(async () => {
  server = await startTestPostgres(88)
  target = { ...server, applicationName: 'merge-test' }
  await sql('create schema lifeboat')
}, 60_000)
afterAll(() => server?.stop())

const sql = async (text: string) => withSession(target, 10_000, async (client) => (await client.query(text)).rows)

beforeEach(async () => {
  await sql('drop table if exists public.notes, public.links; drop table if exists lifeboat.merged_row')
  await sql(
    `create table public.links (id bigserial primary key, code varchar(8) not null unique, at timestamptz, tags text[], "odd ""name" numeric default 1)`,
  )
  await sql('create table public.notes (id int primary key, link_id bigint not null references links)')
  await sql(`insert into links values (1, 'one', '2026-01-01', '{a}', 1.50), (2, 'two', null, null, null)`)
})

const link = (id: number, code: string, over: Record<string, string | null> = {}) => ({
  ...{ id: String(id), code, at: '2026-01-01 00:00:00+00', tags: '{a}', 'odd "name': '1.50' },
  ...over,
})
const ask = (rows: { seq: number; row: Record<string, string | null> }[], over: object = {}) =>
  mergeRows(target, {
    ...{ generation: 1, runId: 'run-1', expectSystemIdentifier: '1', divergenceId: 'div-1' },
    ...{ table: 'public.links', key: ['id'], rows, deadlineMs: 10_000 },
    ...over,
  })
const said = async (...given: Parameters<typeof ask>) =>
  (await ask(...given)).outcomes.map(({ seq, outcome }) => `${seq} ${outcome}`)

const kept = [
  { seq: 0, row: link(1, 'one') },
  { seq: 1, row: link(2, 'other') },
  { seq: 2, row: link(40, 'one') },
  { seq: 3, row: link(41, 'new', { tags: `{it's,"b,c"}`, at: null }) },
  { seq: 4, row: link(42, 'too long for it') },
]
const outcomes = ['0 identical', '1 conflicting', '2 conflicting', '3 inserted', '4 refused']

describe('rows that are put into a primary', () => {
  it('go in where nothing stands against them; what is there is not changed', async () => {
    const before = await sql('select * from links order by id')
    expect(await said(kept)).toEqual(outcomes)
    const after = await sql('select * from links order by id')
    expect(after.slice(0, 2)).toEqual(before)
    expect(after.slice(2)).toMatchObject([{ id: '41', code: 'new', at: null, tags: ["it's", 'b,c'] }])
    const { outcomes: told } = await ask(kept)
    expect(told[1]?.note).toContain('code')
    expect(told[2]?.note).toContain('unique')
    expect(JSON.stringify(told)).not.toContain('too long')
  })

  it('are not put in twice, nor brought back after someone deleted them, nor issued again by the sequence', async () => {
    expect(await said(kept)).toEqual(outcomes)
    expect(await said(kept, { runId: 'run-2', generation: 2 })).toEqual(outcomes)
    expect(await sql('select count(*)::int as n from links')).toEqual([{ n: 3 }])
    await sql('delete from links where id = 41')
    expect(await said(kept)).toEqual(outcomes)
    expect(await sql('select count(*)::int as n from links')).toEqual([{ n: 2 }])
    const [next] = await sql(`insert into links (code) values ('next') returning id`)
    expect(Number(next.id)).toBeGreaterThan(41)
  })

  it('are put in once by two callers at the same time', async () => {
    const both = await Promise.all([said(kept), said(kept, { runId: 'run-2' })])
    expect(both).toEqual([outcomes, outcomes])
    expect(await sql('select count(*)::int as n from lifeboat.merged_row')).toEqual([{ n: 1 }])
  })

  it('wait for the row that they refer to', async () => {
    const notes = { table: 'public.notes' }
    const note = [{ seq: 9, row: { id: '1', link_id: '41' } }]
    expect((await ask(note, notes)).outcomes).toMatchObject([{ outcome: 'refused', waitsForAnother: true }])
    await ask(kept)
    expect(await said(note, notes)).toEqual(['9 inserted'])
  })

  it.each([
    ['a table that is not there', { table: 'public.gone' }, 'no ordinary table'],
    ['a table by a name that would be SQL', { table: 'public.links; drop table links' }, 'no ordinary table'],
    ["Lifeboat's own", { table: 'lifeboat.merged_row' }, 'no ordinary table'],
    ['another key', { key: ['code'] }, 'primary key'],
    ['a column that is gone', { rows: [{ seq: 0, row: { ...link(5, 'five'), gone: '1' } }] }, 'no column gone'],
    ['a new column', { rows: [{ seq: 0, row: { id: '5', code: 'five' } }] }, 'new column'],
  ])('are refused for %s, and nothing is put in', async (_what, over, words) => {
    await expect(ask(kept, over)).rejects.toThrow(words)
    expect(await sql('select count(*)::int as n from links')).toEqual([{ n: 2 }])
  })

  it('run triggers with no more rights than the owner of the table has', async () => {
    await sql(`drop role if exists app; create role app; alter table links owner to app;
      create or replace function who() returns trigger language plpgsql as
        $$ begin new.code = left(current_user, 8); return new; end $$;
      create trigger who before insert on links for each row execute function who();
      grant usage on sequence links_id_seq to app; grant usage, create on schema public to app`)
    expect(await said([{ seq: 3, row: link(41, 'new') }])).toEqual(['3 inserted'])
    expect(await sql('select code from links where id = 41')).toEqual([{ code: 'app' }])
    await sql('drop table notes, links; drop owned by app; drop role app')
  })
})

describe('the same by another way', () => {
  it('reads rows back by key as the same text, and names triggers', async () => {
    const { host, port, user, database, password } = server
    const names = createNames(null)
    const other = createPostgresServer({
      ...{ serverId: 'db', host, port, user, database, names, password: () => password },
    })
    await ask(kept)
    const [row] = kept.filter((each) => each.seq === 3)
    expect(await other.readByKey('public.links', ['id'], [{ id: '41' }, { id: '999' }])).toEqual([row?.row])
    expect(await other.describeTable('public.links')).toEqual({
      ...{ columns: ['id', 'code', 'at', 'tags', 'odd "name'], key: ['id'], triggers: [] },
    })
    expect(await other.describeTable('public.gone')).toBeNull()
  })
})
