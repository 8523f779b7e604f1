import type { Db } from '@/server/db/client'
import { may } from '@/server/domain/rights'
import type { Range } from '@/server/domain/series/range'
import type { Context } from '@/server/services/context'
import type { AnnotationsView } from './dto/series'
import { iso } from './read'
import { planSummaries } from './run-rows'
import { rangeOf, requireService } from './series'

/** More bands than this would cover a chart. */
const mostItems = 500

type Item = AnnotationsView['items'][number]

/**
 * What happened to a service and reaches into the range, newest first: what its caller may read of incidents and runs, announced maintenance and anomalies.
 * @throws ServiceError not-found, invalid
 */
export async function getAnnotations(
  ctx: Context,
  service: string,
  filter: { from: string; to: string },
): Promise<AnnotationsView> {
  await requireService(ctx, service)
  const range = rangeOf(ctx, filter.from, filter.to)
  const all = await Promise.all([
    may(ctx.grants, 'incident.read', service) ? incidents(ctx.db, service, range) : [],
    may(ctx.grants, 'run.read', service) ? runs(ctx.db, service, range) : [],
    maintenance(ctx.db, service, range),
    anomalies(ctx.db, service, range),
  ])
  const items = all.flat().sort((a, b) => b.from.localeCompare(a.from))
  return { items: items.slice(0, mostItems) }
}

async function incidents(db: Db, service: string, { fromMs, toMs }: Range): Promise<Item[]> {
  const from = new Date(fromMs)
  const rows = await db.incident.findMany({
    where: {
      serviceId: service,
      state: { not: 'dismissed' },
      openedAt: { lt: new Date(toMs) },
      OR: [
        { recoveredAt: { gt: from } },
        { recoveredAt: null, closedAt: null },
        { recoveredAt: null, closedAt: { gt: from } },
      ],
    },
    orderBy: { openedAt: 'desc' },
    take: mostItems,
  })
  return rows.map((row) => ({
    id: `incident/${row.id}`,
    kind: 'incident',
    title: row.title,
    from: iso(row.openedAt),
    to: iso(row.recoveredAt ?? row.closedAt),
    href: `/incidents/${row.id}`,
  }))
}

/** From when they began to act: one that waits for an approval has changed nothing. */
async function runs(db: Db, service: string, { fromMs, toMs }: Range): Promise<Item[]> {
  const rows = await db.run.findMany({
    where: {
      serviceId: service,
      startedAt: { lt: new Date(toMs) },
      OR: [{ endedAt: null }, { endedAt: { gt: new Date(fromMs) } }],
    },
    orderBy: { startedAt: 'desc' },
    take: mostItems,
  })
  const summaries = await planSummaries(
    db,
    rows.map((row) => row.planId),
  )
  return rows.map((row) => ({
    id: `run/${row.id}`,
    kind: 'run',
    title: summaries.get(row.planId) || row.kind,
    from: iso(row.startedAt ?? row.requestedAt),
    to: iso(row.endedAt),
    href: `/runs/${row.id}`,
  }))
}

async function maintenance(db: Db, service: string, { fromMs, toMs }: Range): Promise<Item[]> {
  const from = new Date(fromMs)
  const rows = await db.announcedMaintenance.findMany({
    where: {
      serviceId: service,
      startsAt: { lt: new Date(toMs) },
      endsAt: { gt: from },
      OR: [{ cancelledAt: null }, { cancelledAt: { gt: from } }],
    },
    orderBy: { startsAt: 'desc' },
    take: mostItems,
  })
  return rows.flatMap((row) => {
    const ends = row.cancelledAt && row.cancelledAt < row.endsAt ? row.cancelledAt : row.endsAt
    // Cancelled before it began: it never was.
    if (ends <= row.startsAt) return []
    return [
      {
        id: `maintenance/${row.id}`,
        kind: 'maintenance' as const,
        title: `Announced maintenance: ${row.reason}`,
        from: iso(row.startsAt),
        to: iso(ends),
        href: null,
      },
    ]
  })
}

async function anomalies(db: Db, service: string, { fromMs, toMs }: Range): Promise<Item[]> {
  const rows = await db.anomaly.findMany({
    where: { serviceId: service, at: { lt: new Date(toMs) }, until: { gt: new Date(fromMs) } },
    orderBy: { at: 'desc' },
    take: mostItems,
  })
  return rows.map((row) => ({
    id: `anomaly/${row.id}`,
    kind: 'anomaly',
    title: `${row.rows} rows of ${row.tableName} updated or deleted`,
    from: iso(row.at),
    to: iso(row.until),
    href: null,
  }))
}
