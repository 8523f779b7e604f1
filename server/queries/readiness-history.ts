import { z } from 'zod'
import { may } from '@/server/domain/rights'
import type { Context } from '@/server/services/context'
import { judgeService } from '@/server/services/readiness/evaluate'
import { notFound } from './access'
import { type ReadinessView, readinessView } from './dto/readiness'
import { iso, memberOr } from './read'

const codes = z.array(z.object({ code: z.string() }))
const dayMs = 24 * 3_600_000
/** Judged each half minute and written at least each five: a longer gap is one in judging, and the answer of then is not known. */
const gapMs = 10 * 60_000

type Row = { at: Date; status: string; sentence: string; findings: unknown }

/** The answer now and how it changed. @throws ServiceError not-found */
export async function getReadiness(ctx: Context, service: string, days: number): Promise<ReadinessView> {
  if (!may(ctx.grants, 'service.read', service)) throw notFound('service')
  const judged = await judgeService(ctx, service)
  if (!judged) throw notFound('service')
  const nowMs = ctx.clock.now()
  const rows = await ctx.db.readinessEvaluation.findMany({
    where: { serviceId: service, at: { gt: new Date(nowMs - days * dayMs) } },
    orderBy: { at: 'asc' },
  })
  const { findings, ...answer } = judged
  return {
    service,
    ...answer,
    findings: findings.map((each) => ({ ...each, since: foundSince(rows, each.code) })),
    evaluatedAt: new Date(nowMs).toISOString(),
    history: changes(rows),
  }
}

/** The start of the newest unbroken row of evaluations that found it. */
function foundSince(rows: readonly Row[], code: string): string | null {
  let since: Row | null = null
  for (const row of [...rows].reverse()) {
    const found = codes.safeParse(row.findings)
    const broken = since && since.at.getTime() - row.at.getTime() > gapMs
    if (broken || !found.success || !found.data.some((each) => each.code === code)) break
    since = row
  }
  return iso(since?.at)
}

function changes(rows: readonly Row[]): ReadinessView['history'] {
  const all: ReadinessView['history'] = []
  let before: Row | null = null
  for (const row of rows) {
    if (before && row.at.getTime() - before.at.getTime() > gapMs) {
      const at = new Date(before.at.getTime() + gapMs).toISOString()
      all.push({ at, status: 'unknown', sentence: 'It was not judged.' })
    }
    const status = memberOr(readinessView.shape.status.options, row.status, 'unknown')
    if (all.at(-1)?.status !== status) all.push({ at: row.at.toISOString(), status, sentence: row.sentence })
    before = row
  }
  return all
}
