import type { Db } from '@/server/db/client'
import type { Context } from '@/server/services/context'
import { requireFound, servicesWith } from './access'
import type { IncidentView } from './dto/records'
import { incidentView } from './dto/records'
import { decodeCursor, encodeCursor, iso, memberOr, whoText } from './read'
import { measuredOf } from './run-rows'
import { badCursor } from './runs'

const include = { events: { orderBy: { at: 'asc' } }, runs: { select: { id: true } } } as const
const findOne = (db: Db, id: string) => db.incident.findUnique({ where: { id }, include })
type IncidentRow = NonNullable<Awaited<ReturnType<typeof findOne>>>

const { severity, state } = incidentView.shape

/** The incidents of a service that the caller may read, newest first. */
export async function listIncidents(
  ctx: Context,
  filter: { service: string; cursor?: string; limit: number },
): Promise<{ items: IncidentView[]; nextCursor: string | null }> {
  const readable = servicesWith(ctx.grants, 'incident.read')
  if (readable && !readable.includes(filter.service)) return { items: [], nextCursor: null }
  const after = filter.cursor === undefined ? null : cursorOf(filter.cursor)
  const rows = await ctx.db.incident.findMany({
    where: {
      serviceId: filter.service,
      ...(after && { OR: [{ openedAt: { lt: after.at } }, { openedAt: after.at, id: { lt: after.id } }] }),
    },
    include,
    orderBy: [{ openedAt: 'desc' }, { id: 'desc' }],
    take: filter.limit + 1,
  })
  const shown = rows.slice(0, filter.limit)
  const last = shown[shown.length - 1]
  return {
    items: shown.map(view),
    nextCursor: rows.length > filter.limit && last ? encodeCursor([last.openedAt.getTime(), last.id]) : null,
  }
}

/** @throws ServiceError not-found */
export async function getIncident(ctx: Context, id: string): Promise<IncidentView> {
  return view(requireFound(ctx, 'incident.read', 'incident', await findOne(ctx.db, id)))
}

function view(row: IncidentRow): IncidentView {
  return {
    id: row.id,
    service: row.serviceId,
    region: row.region,
    title: row.title,
    severity: memberOr(severity.options, row.severity, 'critical'),
    state: memberOr(state.options, row.state, 'open'),
    lastGoodAt: iso(row.lastGoodAt),
    openedAt: iso(row.openedAt),
    confirmedAt: iso(row.confirmedAt),
    acknowledgedAt: iso(row.acknowledgedAt),
    recoveredAt: iso(row.recoveredAt),
    closedAt: iso(row.closedAt),
    runIds: row.runs.map((run) => run.id),
    measured: measuredOf(row.measured),
    events: row.events.map((event) => ({
      id: String(event.id),
      at: iso(event.at),
      kind: event.kind,
      message: event.message,
      actor: whoText(event.actor),
    })),
  }
}

function cursorOf(cursor: string): { at: Date; id: string } {
  const [at, id] = decodeCursor(cursor) ?? []
  if (typeof at !== 'number' || typeof id !== 'string') throw badCursor()
  return { at: new Date(at), id }
}
