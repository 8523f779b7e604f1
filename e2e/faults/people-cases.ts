import type { Arena } from './arena'
import { type FaultCase, setTheScene } from './case'
import { approve, groundOf, requestRun, untilEnd, untilMoment } from './drive'
import { liftEverything } from './normal'
import type { Random } from './random'

/** What people do, or somebody in their name: requests at once, approvals that are none, words that come too late. */
type Asked = { id: string; digest: string }
type Person = 'operator' | 'approver' | 'approver2' | 'viewer' | 'admin'

const say = (arena: Arena, who: Person, run: Asked, body: object) =>
  arena.call(who, 'POST', `/api/v1/runs/${run.id}/approvals`, { digest: run.digest, comment: '', ...body })
const yes = { decision: 'approve' }

function expectStatus(answer: { status: number; body: unknown }, wanted: readonly number[]): void {
  if (!wanted.includes(answer.status))
    throw new Error(`answered ${answer.status}, not ${wanted.join(' or ')}: ${JSON.stringify(answer.body)}`)
}

/** Both workers stand still, so that something can be changed between approval and start. */
async function whileWorkersStand<T>(arena: Arena, work: () => Promise<T>): Promise<T> {
  for (const name of ['worker-a', 'worker-b']) arena.signal(name, 'SIGSTOP')
  try {
    return await work()
  } finally {
    for (const name of ['worker-a', 'worker-b']) arena.signal(name, 'SIGCONT')
  }
}

type Refused = { id: string; family: string; ends: readonly string[]; act(arena: Arena, run: Asked): Promise<void> }

/** None of these may begin a run: nothing is fenced, nobody is promoted. */
const refused: Refused[] = [
  {
    id: 'approved by its requester, a viewer, and for another digest',
    family: 'approval',
    ends: ['awaiting_approval'],
    act: async (arena, run) => {
      expectStatus(await say(arena, 'operator', run, yes), [403])
      expectStatus(await say(arena, 'viewer', run, yes), [403])
      expectStatus(await say(arena, 'approver', { ...run, digest: 'f'.repeat(64) }, yes), [409])
    },
  },
  {
    id: 'rejected, then approved by another',
    family: 'approval',
    ends: ['rejected'],
    act: async (arena, run) => {
      expectStatus(await say(arena, 'approver', run, { decision: 'reject', comment: 'no' }), [200, 201])
      expectStatus(await say(arena, 'approver2', run, yes), [409])
    },
  },
  {
    id: 'request withdrawn, then approved',
    family: 'approval',
    ends: ['aborted'],
    act: async (arena, run) => {
      expectStatus(
        await arena.call('operator', 'POST', `/api/v1/runs/${run.id}/abort`, { reason: 'mistaken' }),
        [200, 202],
      )
      expectStatus(await say(arena, 'approver', run, yes), [409])
    },
  },
  {
    id: 'approval of an earlier run replayed for this one',
    family: 'approval',
    ends: ['awaiting_approval'],
    act: async (arena, run) => {
      const rows = await arena.control<{ digest: string }>(`SELECT digest FROM run WHERE state = 'succeeded' LIMIT 1`)
      const digest = rows?.[0]?.digest ?? 'e'.repeat(64)
      expectStatus(await say(arena, 'approver', { ...run, digest }, yes), [409])
    },
  },
  {
    id: 'approval taken back in the database before the start',
    family: 'approval',
    ends: ['failed'],
    act: (arena, run) =>
      whileWorkersStand(arena, async () => {
        expectStatus(await approve(arena, run), [200, 201])
        await arena.control('DELETE FROM approval WHERE run_id = $1', [run.id])
      }),
  },
  {
    id: 'approval out of date before the start',
    family: 'approval',
    ends: ['failed'],
    act: (arena, run) =>
      whileWorkersStand(arena, async () => {
        expectStatus(await approve(arena, run), [200, 201])
        await arena.control(`UPDATE approval SET expires_at = now() - interval '1 minute' WHERE run_id = $1`, [run.id])
      }),
  },
  {
    id: 'plan changed after its approval',
    family: 'approval',
    ends: ['failed'],
    act: (arena, run) =>
      whileWorkersStand(arena, async () => {
        expectStatus(await approve(arena, run), [200, 201])
        await arena.control(
          `UPDATE plan SET document = jsonb_set(document, '{summary}', '"something else"') WHERE id = (SELECT plan_id FROM run WHERE id = $1)`,
          [run.id],
        )
      }),
  },
  {
    id: 'configuration changed after the approval',
    family: 'topology',
    ends: ['failed'],
    act: async (arena, run) => {
      await whileWorkersStand(arena, async () => {
        expectStatus(await approve(arena, run), [200, 201])
        await arena.control(`UPDATE service SET config_digest = repeat('0', 64) || config_digest`)
      })
      await untilEnd(arena, run.id)
      await arena.control(`UPDATE service SET config_digest = substr(config_digest, 65)`)
    },
  },
  {
    id: 'approver loses the right before the start',
    family: 'approval',
    ends: ['failed'],
    act: async (arena, run) => {
      await whileWorkersStand(arena, async () => {
        expectStatus(await approve(arena, run), [200, 201])
        await arena.control(`UPDATE role_grant SET service = 'elsewhere' WHERE role = 'approver'`)
      })
      await untilEnd(arena, run.id)
      await arena.control(`UPDATE role_grant SET service = '*' WHERE role = 'approver'`)
    },
  },
]

function refusedCase({ id, family, ends, act }: Refused): FaultCase {
  return {
    id: `failover · ${id}`,
    kind: 'failover',
    family,
    fault: id,
    moment: 'before the start',
    body: async (arena) => {
      const ground = await groundOf(arena)
      await setTheScene(arena, 'failover', ground)
      const run = await requestRun(arena, 'failover')
      await act(arena, run)
      if (!ends.includes('awaiting_approval')) await untilEnd(arena, run.id)
      const end = await arena.journal(run.id)
      if (!end || !ends.includes(end.state)) throw new Error(`is ${end?.state}: ${end?.reason}`)
      if (end.steps.some((step) => step.state !== 'pending')) throw new Error('a step was begun')
      if (end.state === 'awaiting_approval') {
        expectStatus(
          await arena.call('operator', 'POST', `/api/v1/runs/${run.id}/abort`, { reason: 'the case is over' }),
          [200, 202],
        )
      }
      return { end: end.state, promoted: false, note: end.reason ?? '' }
    },
  }
}

/** Fifty at once: one run, one yes that counts. */
function crowdCase(what: 'requests' | 'approvals'): FaultCase {
  return {
    id: `failover · fifty ${what} at once`,
    kind: 'failover',
    family: 'concurrency',
    fault: `fifty ${what} at once`,
    moment: 'before the start',
    body: async (arena) => {
      const ground = await groundOf(arena)
      await setTheScene(arena, 'failover', ground)
      const first = await requestRun(arena, 'failover')
      const fifty = [...Array(50).keys()]
      if (what === 'requests') {
        const body = { kind: 'failover', inputs: {}, reason: 'all at once' }
        await Promise.all(fifty.map(() => arena.call('operator', 'POST', '/api/v1/services/shortener/runs', body)))
      }
      const waiting = await arena.control<Asked>(`SELECT id, digest FROM run WHERE state = 'awaiting_approval'`)
      if (!waiting?.length) throw new Error('no run waits for approval')
      // Several may wait; of all the yeses to all of them, one begins a run.
      const said = fifty.map((n) =>
        say(arena, n % 2 ? 'approver' : 'approver2', waiting[n % waiting.length] ?? first, yes),
      )
      const answers = await Promise.all(said)
      const taken = answers.filter((answer) => answer.status < 300 && answer.status > 0)
      if (taken.length !== 1) {
        const counts = [...new Set(answers.map((answer) => answer.status))].join(', ')
        throw new Error(`${taken.length} of ${answers.length} approvals were taken; answers were ${counts}`)
      }
      const begun = await arena.control<Asked>(
        `SELECT id, digest FROM run WHERE state NOT IN ('awaiting_approval', 'superseded', 'aborted') ORDER BY approved_at DESC NULLS LAST LIMIT 1`,
      )
      const run = begun?.[0] ?? first
      const end = await untilEnd(arena, run.id)
      if (end.state !== 'succeeded') throw new Error(`ended ${end.state}: ${end.reason}`)
      for (const other of waiting) {
        if (other.id !== run.id)
          await arena.call('operator', 'POST', `/api/v1/runs/${other.id}/abort`, { reason: 'the case is over' })
      }
      return { end: end.state, promoted: true }
    },
  }
}

/** A word of a person while the run is under way. */
function wordCase(verb: 'abort' | 'pause', part: number): FaultCase {
  const place = `step ${Math.floor(part * 12) + 1}`
  return {
    id: `failover · ${verb} asked for · at ${place}`,
    kind: 'failover',
    family: 'person',
    fault: `${verb} asked for`,
    moment: `at ${place}`,
    body: async (arena) => {
      const ground = await groundOf(arena)
      await setTheScene(arena, 'failover', ground)
      const run = await requestRun(arena, 'failover')
      expectStatus(await approve(arena, run), [200, 201])
      await untilMoment(arena, run.id, { part, when: 'at' })
      const answer = await arena.call('operator', 'POST', `/api/v1/runs/${run.id}/${verb}`, { reason: 'a word' })
      const end = await untilEnd(arena, run.id)
      const obeyed = answer.status < 300
      if (!obeyed && end.state !== 'succeeded') throw new Error(`refused, and then ${end.state}: ${end.reason}`)
      if (end.state !== 'paused') return { end: end.state, promoted: end.state === 'succeeded', note: end.reason ?? '' }
      await liftEverything(arena)
      expectStatus(
        await arena.call('operator', 'POST', `/api/v1/runs/${run.id}/resume`, { reason: 'go on' }),
        [200, 202],
      )
      const last = await untilGone(arena, run.id)
      if (last.state !== 'succeeded') throw new Error(`paused, resumed, and then ${last.state}: ${last.reason}`)
      return { end: 'paused, then succeeded', promoted: true }
    },
  }
}

async function untilGone(arena: Arena, runId: string) {
  for (;;) {
    const end = await untilEnd(arena, runId)
    if (end.state !== 'paused') return end
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

export function peopleCases(random: Random): FaultCase[] {
  const early = [0.1, 0.2, 0.3] as const
  const late = [0.45, 0.55, 0.85] as const
  return [
    ...refused.map(refusedCase),
    crowdCase('requests'),
    crowdCase('approvals'),
    wordCase('abort', random.pick(early)),
    wordCase('abort', random.pick(late)),
    wordCase('pause', random.pick(late)),
  ]
}
