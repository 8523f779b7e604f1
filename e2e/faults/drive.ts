import { z } from 'zod'
import type { Region } from '@/lab/addressing'
import { databaseId, otherRegion } from '@/lab/config/names'
import { eventually } from '@/lab/testing'
import { type RunView, runView } from '@/server/queries/dto/run'
import type { Arena, JournalRun } from './arena'

/** How a run is asked for, approved and followed; the same for each kind, by the API that everyone has. */
export type Kind = 'failover' | 'switchover' | 'failback' | 'evacuate'
/** `part` is how far through the plan's steps, from 0 to 1: plans of one kind differ by what they find. */
export type Moment = { part: number; when: 'before' | 'at' | 'after' }

/** What a case works on: `from` is where the writer is when it begins. */
export type Ground = { from: Region; to: Region; timeline: number }

export async function groundOf(arena: Arena): Promise<Ground> {
  const { region, timeline } = await arena.writer()
  return { from: region, to: otherRegion(region), timeline }
}

const refusal = z.object({ detail: z.string().optional(), code: z.string().optional() })

/** Asks until it is accepted: the facts that a plan needs are a moment behind what was done to the lab. */
export async function requestRun(
  arena: Arena,
  kind: Kind,
  inputs: Record<string, unknown> = {},
  deadlineMs = 45_000,
): Promise<RunView> {
  let said = ''
  try {
    return await eventually(
      `a ${kind} to be accepted`,
      async () => {
        const body = { kind, inputs, reason: `fault suite: ${kind}` }
        const answer = await arena.call('operator', 'POST', '/api/v1/services/shortener/runs', body)
        if (answer.status === 201) return runView.parse(answer.body)
        const told = refusal.safeParse(answer.body)
        said = `${answer.status} ${told.success ? told.data.detail : String(answer.body)}`
        return null
      },
      deadlineMs,
    )
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}; the last answer: ${said}`)
  }
}

export function approve(arena: Arena, run: { id: string; digest: string }, who: 'approver' | 'approver2' = 'approver') {
  const body = { decision: 'approve', digest: run.digest, comment: 'go' }
  return eventually('the approval to be answered', async () => {
    const answer = await arena.call(who, 'POST', `/api/v1/runs/${run.id}/approvals`, body)
    return answer.status === 0 || answer.status >= 500 ? null : answer
  })
}

const begun = ['running', 'verifying', 'succeeded', 'failed', 'compensating', 'compensated', 'skipped']

function isAt(run: JournalRun, moment: Moment): boolean {
  if (run.state === 'awaiting_approval') return false
  const index = Math.min(run.steps.length - 1, Math.floor(moment.part * run.steps.length))
  const step = run.steps[index]
  if (!step) return run.state !== 'approved'
  if (moment.when === 'at') return begun.includes(step.state)
  if (moment.when === 'after') return ['succeeded', 'failed', 'skipped'].includes(step.state)
  const previous = run.steps[index - 1]
  return previous ? previous.state === 'succeeded' || begun.includes(step.state) : true
}

export const ended = [
  'succeeded',
  'failed',
  'aborted',
  'compensated',
  'compensation_failed',
  'paused',
  'rejected',
  'expired',
]

/** Until the journal says that the run is there, or is over. @returns whether it got there while it was still under way */
export async function untilMoment(arena: Arena, runId: string, moment: Moment): Promise<boolean> {
  const run = await eventually(
    `the run to be ${moment.when} ${moment.part}`,
    async () => {
      const seen = await arena.journal(runId)
      return seen && (isAt(seen, moment) || ended.includes(seen.state)) ? seen : null
    },
    60_000,
  )
  return !ended.includes(run.state)
}

export function untilEnd(arena: Arena, runId: string, deadlineMs = 120_000): Promise<JournalRun> {
  return eventually(
    'the run to end, or to wait for a person',
    async () => {
      const run = await arena.journal(runId)
      return run && ended.includes(run.state) ? run : null
    },
    deadlineMs,
  )
}

/** A person sends a paused run on once the fault is gone: the failed step again, or just onward. */
export async function sendOn(arena: Arena, runId: string): Promise<void> {
  const run = await arena.journal(runId)
  const failed = run?.steps.find((step) => step.state === 'failed')
  const path = `/api/v1/runs/${runId}/${failed ? 'retry' : 'resume'}`
  await eventually(
    `the paused run to be sent on`,
    async () => {
      const body = { reason: 'the fault is gone', ...(failed ? { stepKey: failed.key } : {}) }
      const answer = await arena.call('operator', 'POST', path, body)
      if (answer.status >= 400 && answer.status < 500) throw new Error(`${path}: ${JSON.stringify(answer.body)}`)
      return answer.status >= 200 && answer.status < 300
    },
    30_000,
  )
}

export async function stateOf(arena: Arena, runId: string): Promise<string> {
  return (await arena.journal(runId))?.state ?? 'unknown'
}

/** Where a moment of a run is, in words. */
export function stepAt(run: { steps: readonly { stepId: string }[] }, moment: Moment): string {
  return run.steps[Math.min(run.steps.length - 1, Math.floor(moment.part * run.steps.length))]?.stepId ?? 'the start'
}

export const serverOf = (region: Region): string => databaseId(region)
