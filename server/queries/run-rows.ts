import type { Db } from '@/server/db/client'
import { runKinds } from '@/server/domain/plan/types'
import { runStates } from '@/server/domain/run/states'
import { serviceConfig } from '@/server/domain/service-config'
import { type MeasuredRun, measuredRun, type RunSummary } from './dto/run'
import { iso, memberOr, whoText } from './read'

/** What a list needs of a run; the plan's document stays where it is. */
export const summaryInclude = {
  service: { select: { name: true, config: true } },
  steps: { select: { state: true } },
  approvals: { select: { decision: true, digest: true } },
} as const

export type SummaryRow = Awaited<ReturnType<typeof findSummaryRow>>
const findSummaryRow = (db: Db) => db.run.findFirstOrThrow({ include: summaryInclude })

/** The sentence of each plan, by plan id. */
export async function planSummaries(db: Db, planIds: readonly string[]): Promise<Map<string, string>> {
  const rows = await db.$queryRaw<{ id: string; summary: string | null }[]>`
    SELECT id, document->>'summary' AS summary FROM plan WHERE id = ANY(${[...planIds]})`
  return new Map(rows.map((row) => [row.id, row.summary ?? '']))
}

const finished: readonly string[] = ['succeeded', 'skipped']

export function runSummary(row: SummaryRow, summary: string): RunSummary {
  const config = serviceConfig.safeParse(row.service.config)
  return {
    id: row.id,
    service: row.serviceId,
    serviceName: row.service.name,
    kind: memberOr(runKinds, row.kind, 'failover'),
    state: memberOr(runStates, row.state, 'failed'),
    direction: row.direction === 'backward' ? 'backward' : 'forward',
    summary,
    requester: whoText(row.requester),
    reason: row.reason,
    requestedAt: iso(row.requestedAt),
    expiresAt: iso(row.expiresAt),
    startedAt: iso(row.startedAt),
    endedAt: iso(row.endedAt),
    stateReason: row.stateReason,
    digest: row.digest,
    approvals: {
      given: row.approvals.filter((each) => each.decision === 'approve' && each.digest === row.digest).length,
      required: config.success ? config.data.policies.approvalsRequired : 1,
    },
    stepsDone: row.steps.filter((step) => finished.includes(step.state)).length,
    stepsTotal: row.steps.length,
    rtoSeconds: measuredOf(row.measured)?.rtoSeconds ?? null,
  }
}

/** What was measured, null while nothing was or when it cannot be read. */
export function measuredOf(value: unknown): MeasuredRun | null {
  const parsed = measuredRun.safeParse(value)
  return parsed.success ? parsed.data : null
}
