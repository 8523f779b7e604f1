import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { problem } from '@/server/queries/dto/common'
import { divergenceView } from '@/server/queries/dto/divergence'
import { describeStep } from '@/server/steps/catalog'
import { type PersonName, startTestConsole, type TestConsole } from '@/server/testing/console'
import { type SeededRun, seedApprovedRun } from '@/server/testing/seed-run'

let lifeboat: TestConsole
let seeded: SeededRun
const path = '/api/v1/divergences/div-1'
const table = {
  table: 'public.links',
  key: ['id'],
  inserted: 3,
  updated: 0,
  deleted: 0,
  kept: 3,
  unreadable: 0,
  cut: false,
}

beforeAll(async () => {
  lifeboat = await startTestConsole(82)
  seeded = await seedApprovedRun(lifeboat.db, describeStep)
  await lifeboat.db.divergence.create({
    data: {
      ...{ id: 'div-1', serviceId: seeded.serviceId, serverId: 'db-us-east', region: 'us-east', runId: seeded.runId },
      ...{ forkLsn: '0/3000100', forkTimeline: 1, endLsn: '0/3000900', bytes: 2048, transactions: 3, complete: true },
      tables: [table, { ...table, table: 'public.notes', inserted: 0, kept: 0 }],
      keptAt: new Date(),
      rows: {
        create: ['=cmd()', 'a,"b"', null].map((url, seq) => ({
          ...{ seq, tableName: 'public.links', op: 'insert' },
          row: { id: String(900719925474099301n + BigInt(seq)), url },
        })),
      },
    },
  })
}, 60_000)
afterAll(() => lifeboat?.stop())

const get = (suffix: string, as: PersonName) => lifeboat.call({ path: `${path}${suffix}`, as })
const decide = (as: PersonName, json: unknown) => lifeboat.call({ method: 'POST', path: `${path}/decisions`, as, json })

describe('a divergence over HTTP', () => {
  it('is listed and read with its counts by whoever sees incidents', async () => {
    const list = await lifeboat.call({ path: `/api/v1/services/${seeded.serviceId}/divergences`, as: 'viewer' })
    const [item] = (await list.json()).items.map((each: unknown) => divergenceView.parse(each))
    expect(item).toMatchObject({ id: 'div-1', rows: 3, undecided: 2, can: { decide: { allowed: false } } })
    expect(divergenceView.parse(await (await get('', 'viewer')).json())).toEqual(item)
    expect((await lifeboat.call({ path: '/api/v1/divergences/none', as: 'viewer' })).status).toBe(404)
  })

  it('gives its rows, a page at a time, only to those who work on the service', async () => {
    const denied = await get('/rows', 'viewer')
    expect(problem.parse(await denied.json())).toMatchObject({ status: 403, code: 'forbidden' })
    const first = await (await get('/rows?table=public.links&limit=2', 'operator')).json()
    expect(first.items.map((each: { row: { id: string } }) => each.row.id)).toEqual([
      '900719925474099301',
      '900719925474099302',
    ])
    const second = await (await get(`/rows?table=public.links&limit=2&cursor=${first.nextCursor}`, 'operator')).json()
    expect(second).toMatchObject({ items: [{ seq: 2, row: { url: null } }], nextCursor: null })
  })

  it('can be downloaded: no field is a formula, nothing is lost', async () => {
    const csv = await get('/rows?table=public.links&format=csv', 'operator')
    expect(csv.headers.get('content-disposition')).toBe('attachment; filename="div-1-public.links.csv"')
    expect(await csv.text()).toBe(
      [
        'lifeboat_op,lifeboat_outcome,lifeboat_note,id,url',
        `insert,,,900719925474099301,"'=cmd()"`,
        'insert,,,900719925474099302,"a,""b"""',
        'insert,,,900719925474099303,',
        '',
      ].join('\r\n'),
    )
    const lines = (await (await get('/rows?format=ndjson', 'operator')).text()).trim().split('\n')
    expect(lines.map((line) => JSON.parse(line).row.url)).toEqual(['=cmd()', 'a,"b"', null])
    expect((await get('/rows?format=csv', 'operator')).status).toBe(400)
  })

  it('takes a decision a table with its reason, and writes it and its refusal down', async () => {
    const drop = { table: 'public.links', decision: 'drop', reason: 'made again by the users' }
    expect((await decide('viewer', drop)).status).toBe(403)
    expect((await decide('operator', { ...drop, reason: '' })).status).toBe(400)
    expect((await decide('operator', { ...drop, table: 'public.none' })).status).toBe(400)
    const done = divergenceView.parse(await (await decide('operator', drop)).json())
    expect(done).toMatchObject({ undecided: 1, rows: 3 })
    expect(done.tables[0]?.decision).toMatchObject({ decision: 'drop', by: 'operator@lifeboat.test' })
    const changed = divergenceView.parse(await (await decide('operator', { ...drop, decision: 'keep' })).json())
    expect(changed.tables[0]?.decision).toMatchObject({ decision: 'keep' })
    const entries = await lifeboat.db.auditEntry.findMany({
      where: { subject: 'divergence/div-1', action: 'divergence.decide' },
      orderBy: { seq: 'asc' },
    })
    expect(entries.map((each) => each.outcome)).toEqual(expect.arrayContaining(['ok', 'ok']))
    expect(entries.filter((each) => each.outcome === 'ok')).toHaveLength(2)
  })

  it('can be planned as a merge once a table is decided so, and tells what a merge did with each row', async () => {
    const plans = `/api/v1/services/${seeded.serviceId}/plans`
    const preview = async () => {
      const json = { kind: 'merge', inputs: { divergenceId: 'div-1' }, reason: 'preview' }
      return (await lifeboat.call({ method: 'POST', path: plans, as: 'operator', json })).json()
    }
    const codes = (found: { code: string }[]) => found.map((each) => each.code)
    expect(codes((await preview()).plan.findings)).toContain('merge.nothing-chosen')
    await decide('operator', { table: 'public.links', decision: 'merge', reason: 'users were told of them' })
    const { plan } = await preview()
    expect(codes(plan.findings)).not.toContain('merge.nothing-chosen')
    expect(plan.steps[1].input.tables).toEqual([{ table: 'public.links', key: ['id'], rows: 3, kept: 3 }])

    const about = { runId: 'merge-1', divergenceId: 'div-1', tableName: 'public.links' }
    await lifeboat.db.mergeOutcome.createMany({
      data: ['inserted', 'conflicting', 'inserted'].map((outcome, seq) => ({ ...about, seq, outcome })),
    })
    const merged = { runId: 'merge-1', inserted: 2, identical: 0, conflicting: 1, refused: 0 }
    const read = async () => divergenceView.parse(await (await get('', 'operator')).json())
    expect(await read()).toMatchObject({ resolved: false, tables: [{ merged }, { merged: null }] })
    await decide('operator', { table: 'public.notes', decision: 'drop', reason: 'only counters' })
    expect(await read()).toMatchObject({ resolved: true })
    const rows = await (await get('/rows?table=public.links', 'operator')).json()
    expect(rows.items.map((each: { outcome: string }) => each.outcome)).toEqual(['inserted', 'conflicting', 'inserted'])
  })
})
