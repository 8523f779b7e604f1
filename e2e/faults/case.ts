import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { eventually } from '@/lab/testing'
import { auditVerification } from '@/server/queries/dto/records'
import type { Arena } from './arena'
import {
  approve,
  type Ground,
  groundOf,
  type Kind,
  type Moment,
  requestRun,
  sendOn,
  serverOf,
  stateOf,
  stepAt,
  untilEnd,
  untilMoment,
} from './drive'
import type { Fault, Lift } from './faults'
import { liftEverything } from './normal'

/** One row of the suite. `body` brings a run to an end through a fault, and says what it saw; what must hold of every case is checked after it. */
export type FaultCase = {
  id: string
  kind: Kind
  family: string
  fault: string
  moment: string
  body(arena: Arena): Promise<Outcome>
}

export type Outcome = {
  end: string
  promoted: boolean
  note?: string
  /** Where the run itself began, when the case had to do something before. */
  base?: Ground
  /** Acknowledged links that were missing before the run: a planned one may lose none. */
  lostBefore?: number
}

const isPlanned = (kind: Kind): boolean => kind === 'switchover' || kind === 'evacuate'

export const traffic = z.object({
  acknowledged: z.number(),
  failed: z.number(),
  unknown: z.number(),
  lost: z.number().nullable(),
})

/** What makes the kind of run right: a region that is lost, or nothing at all. */
export async function setTheScene(arena: Arena, kind: Kind, ground: Ground): Promise<void> {
  if (kind === 'failover') await arena.lab.kill(ground.from)
}

/** For a failback: the region is lost, failed over from and powered on again, without any trouble. @returns what the failback works on */
async function returnedRegion(arena: Arena): Promise<Ground> {
  const { from } = await groundOf(arena)
  await arena.lab.kill(from)
  const run = await requestRun(arena, 'failover')
  await approve(arena, run)
  const end = await untilEnd(arena, run.id)
  if (end.state !== 'succeeded') throw new Error(`the failover before it ended ${end.state}: ${end.reason}`)
  await arena.lab.restore(from)
  // Until somebody gives up the way back, nothing may be rewound: this is the person who does.
  const commit = { runId: run.id, reason: 'the returned region is to be rejoined' }
  await eventually(
    'the way back to be given up',
    async () => (await arena.call('admin', 'POST', '/api/v1/services/shortener/commit-window', commit)).status === 200,
    20_000,
  )
  // The region that a failback brings up is the one that "takes over" nothing: faults of the candidate hit the returned server.
  const now = await groundOf(arena)
  return { from: now.from, to: now.to, timeline: now.timeline }
}

/** A fault at a moment of a run of some kind. */
export function faultCase(kind: Kind, fault: Fault, moment: Moment, inputs: Record<string, unknown> = {}): FaultCase {
  const where = fault.early ? 'at the call' : `${moment.when} ${Math.round(moment.part * 100)} %`
  return {
    id: `${kind} · ${fault.id} · ${where}`,
    kind,
    family: fault.family,
    fault: fault.id,
    moment: where,
    body: (arena) => throughFault(arena, { kind, fault, moment, inputs }),
  }
}

type Given = { kind: Kind; fault: Fault; moment: Moment; inputs: Record<string, unknown> }

async function throughFault(arena: Arena, { kind, fault, moment, inputs }: Given): Promise<Outcome> {
  const ground = kind === 'failback' ? await returnedRegion(arena) : await groundOf(arena)
  await setTheScene(arena, kind, ground)
  const lostBefore = isPlanned(kind) ? await lostLinks(arena) : 0
  let lift: Lift
  if (fault.early) lift = await fault.inject({ arena, ground, runId: '' })
  const run = await requestRun(arena, kind, inputs, isPlanned(kind) ? 120_000 : 60_000)
  const yes = await approve(arena, run)
  if (yes.status >= 300) throw new Error(`approval refused: ${JSON.stringify(yes.body)}`)
  let reached = true
  if (!fault.early) {
    reached = await untilMoment(arena, run.id, moment)
    lift = await fault.inject({ arena, ground, runId: run.id })
  }
  let end = await untilEnd(arena, run.id)
  const first = end.state
  const reason = first === 'succeeded' ? '' : (end.reason ?? '')
  if (first !== 'succeeded' && first !== 'paused' && !fault.mayEnd?.includes(first))
    throw new Error(`ended ${first}: ${end.reason}`)
  if (fault.happened && !fault.happened()) throw new Error('the fault never happened: no answer was lost')
  await lift?.()
  if (first === 'paused') {
    await liftEverything(arena)
    await sendOnUntilDone(arena, run.id)
    end = await untilEnd(arena, run.id)
    if (end.state !== 'succeeded') throw new Error(`paused, sent on, and then ${end.state}: ${end.reason}`)
  }
  const promoted = end.state === 'succeeded' && kind !== 'evacuate'
  const late = reached ? '' : 'the run was over before the moment'
  const place = fault.early ? '' : `at ${stepAt(end, moment)}`
  const told = [place, reason, late].filter((each) => each !== '').join('; ')
  const outcome = { end: first === end.state ? first : `${first}, then ${end.state}`, note: told }
  if (kind === 'failback') return { ...outcome, promoted: false, base: ground }
  return { ...outcome, promoted, lostBefore: isPlanned(kind) ? lostBefore : undefined }
}

/** Up to three steps may have been hurt: each is sent again. */
async function sendOnUntilDone(arena: Arena, runId: string): Promise<void> {
  for (let sent = 0; sent < 3; sent += 1) {
    await sendOn(arena, runId)
    await eventually('the run to move', async () => (await stateOf(arena, runId)) !== 'paused', 10_000).catch(
      () => false,
    )
    if ((await untilEnd(arena, runId)).state !== 'paused') return
    await pause(1_000)
  }
}

export type Verdict = { problems: string[]; oracle: string }

/** What must hold after every case, whatever became of the run. */
export async function judge(arena: Arena, start: Ground, outcome: Outcome): Promise<Verdict> {
  const problems: string[] = []
  const before = outcome.base ?? start
  const two = arena.oracle.twoWriters()
  problems.push(...two.slice(0, 3))
  const audit = await eventually(
    'the audit trail to be verified',
    () => arena.read(auditVerification, '/api/v1/audit/verification', 'operator'),
    30_000,
  )
  if (!audit.ok) problems.push(`the audit chain is broken at ${audit.brokenAt}`)
  const now = await groundOf(arena)
  if (outcome.promoted && now.timeline !== before.timeline + 1)
    problems.push(`one promotion is one timeline: ${before.timeline} became ${now.timeline}`)
  if (!outcome.promoted && now.from !== before.from)
    problems.push(`the writer moved to ${now.from} without a run that succeeded`)
  if (outcome.lostBefore !== undefined) {
    const lost = await lostLinks(arena)
    if (lost > outcome.lostBefore) problems.push(`${lost - outcome.lostBefore} acknowledged links were lost`)
  }
  return { problems, oracle: two.length === 0 ? 'one writer' : `${two.length} writes of two` }
}

/** Every link that was ever acknowledged is followed: how many lead nowhere. */
async function lostLinks(arena: Arena): Promise<number> {
  await arena.lab.traffic('POST', '/check')
  return eventually(
    'the check of every link',
    async () => traffic.parse(await arena.lab.traffic('GET', '/summary')).lost,
    60_000,
  )
}

/** The service takes a link from its users and follows it, and the writer is the one that Lifeboat names. */
export async function expectServing(arena: Arena): Promise<void> {
  const before = traffic.parse(await arena.lab.traffic('GET', '/summary'))
  await eventually(
    'users to be served again',
    async () => traffic.parse(await arena.lab.traffic('GET', '/summary')).acknowledged > before.acknowledged + 3,
    45_000,
  )
  const { region } = await arena.writer()
  const wrote = arena.oracle.lastWriteOf(serverOf(region)) ?? 0
  await eventually('the writer to take writes', () => (arena.oracle.lastWriteOf(serverOf(region)) ?? 0) > wrote, 20_000)
}

/** Keeps the last word of each server, which the next case is judged against. */
export function trimOracle(arena: Arena): void {
  const { acknowledged } = arena.oracle
  if (acknowledged.length > 200) acknowledged.splice(0, acknowledged.length - 100)
}
