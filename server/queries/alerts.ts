import { isSilenced, neverSilent, type Silence } from '@/server/domain/alerts/silence'
import { may, rolesWith } from '@/server/domain/rights'
import { signalIds } from '@/server/domain/thresholds/table'
import type { Context } from '@/server/services/context'
import { requireAnywhere, requireFound, servicesWith } from './access'
import {
  type AlertDetail,
  type AlertsView,
  type AlertView,
  alertSeverities,
  alertStates,
  type SilenceView,
} from './dto/alerts'
import type { Capability } from './dto/common'
import { decodeCursor, encodeCursor, iso, memberOr, whoText } from './read'
import { badCursor } from './runs'

export type AlertFilter = {
  service?: string
  severity?: readonly string[]
  state?: readonly string[]
  cursor?: string
  limit: number
}

type Row = Awaited<ReturnType<Context['db']['alert']['findMany']>>[number]
type Where = NonNullable<NonNullable<Parameters<Context['db']['alert']['findMany']>[0]>['where']>
type SilenceRow = Awaited<ReturnType<Context['db']['alertSilence']['findMany']>>[number]

/** Alerts of the services that the caller may read: unresolved ones unless a state is asked for, the newest first. */
export async function listAlerts(ctx: Context, filter: AlertFilter): Promise<AlertsView> {
  requireAnywhere(ctx, 'incident.read')
  const nowMs = ctx.clock.now()
  const mine = readable(ctx)
  const silences = await silencesInForce(ctx, nowMs)
  const rows = await ctx.db.alert.findMany({
    where: { AND: [mine, whereOf(filter), after(filter.cursor)] },
    orderBy: [{ openedAt: 'desc' }, { id: 'desc' }],
    take: filter.limit + 1,
  })
  const shown = rows.slice(0, filter.limit)
  const last = shown.at(-1)
  const items = shown.map((row) => view(ctx, row, silences, nowMs))
  const order = (each: AlertView): number =>
    (each.state === 'resolved' ? 4 : each.state === 'acknowledged' || each.silenced ? 2 : 0) +
    (each.severity === 'critical' ? 0 : 1)
  const ids = servicesWith(ctx.grants, 'incident.read')
  return {
    items: items.sort((a, b) => order(a) - order(b)),
    nextCursor: rows.length > filter.limit && last ? encodeCursor([last.openedAt.getTime(), last.id]) : null,
    firing: await firingCount(ctx, mine, silences, nowMs),
    silences: silences.map((row) => silenceView(ctx, row)),
    watched: {
      services: await ctx.db.service.count({ where: ids ? { id: { in: ids } } : {} }),
      signals: signalIds.length,
    },
    observedAt: new Date(nowMs).toISOString(),
  }
}

/** @throws ServiceError not-found */
export async function getAlert(ctx: Context, id: string): Promise<AlertDetail> {
  const nowMs = ctx.clock.now()
  const row = await ctx.db.alert.findUnique({ where: { id }, include: { events: { orderBy: { id: 'asc' } } } })
  const found = requireFound(ctx, 'incident.read', 'alert', row)
  return {
    ...view(ctx, found, await silencesInForce(ctx, nowMs), nowMs),
    events: found.events.map((event) => ({
      id: String(event.id),
      at: iso(event.at),
      kind: event.kind,
      message: event.message,
      actor: whoText(event.actor),
    })),
  }
}

/** How many are not resolved, by service, severity and state. */
export async function alertCounts(
  ctx: Context,
): Promise<{ service: string; severity: string; state: string; count: number }[]> {
  const ids = servicesWith(ctx.grants, 'service.read')
  const rows = await ctx.db.alert.groupBy({
    by: ['serviceId', 'severity', 'state'],
    where: { state: { not: 'resolved' }, ...(ids ? { serviceId: { in: ids } } : {}) },
    _count: true,
  })
  return rows.map(({ serviceId, severity, state, _count }) => ({ service: serviceId, severity, state, count: _count }))
}

function readable(ctx: Context): Where {
  const ids = servicesWith(ctx.grants, 'incident.read')
  return ids ? { serviceId: { in: ids } } : {}
}

function whereOf({ service, severity, state }: AlertFilter): Where {
  return {
    ...(service === undefined ? {} : { serviceId: service }),
    ...(severity ? { severity: { in: [...severity] } } : {}),
    state: state ? { in: [...state] } : { not: 'resolved' },
  }
}

function after(cursor: string | undefined): Where {
  if (cursor === undefined) return {}
  const [at, id] = decodeCursor(cursor) ?? []
  if (typeof at !== 'number' || typeof id !== 'string') throw badCursor()
  const openedAt = new Date(at)
  return { OR: [{ openedAt: { lt: openedAt } }, { openedAt, id: { lt: id } }] }
}

async function silencesInForce(ctx: Context, nowMs: number): Promise<SilenceRow[]> {
  const ids = servicesWith(ctx.grants, 'incident.read')
  return ctx.db.alertSilence.findMany({
    where: { endedAt: null, until: { gt: new Date(nowMs) }, ...(ids ? { serviceId: { in: [...ids, '*'] } } : {}) },
    orderBy: { until: 'asc' },
  })
}

async function firingCount(ctx: Context, mine: Where, rows: SilenceRow[], nowMs: number) {
  const firing = await ctx.db.alert.findMany({
    where: { AND: [mine, { state: 'firing' }] },
    select: { serviceId: true, signal: true, subject: true },
  })
  const silences = rows.map(silenceOf)
  return firing.filter((each) => !isSilenced(each, silences, nowMs)).length
}

function silenceOf(row: SilenceRow): Silence {
  const { serviceId, signal, subject } = row
  return { serviceId, signal, subject, until: iso(row.until), endedAt: iso(row.endedAt) }
}

function view(ctx: Context, row: Row, silences: readonly SilenceRow[], nowMs: number): AlertView {
  const { id, signal, subject, title, sentence, value, unit, href } = row
  const state = memberOr(alertStates, row.state, 'firing')
  return {
    ...{ id, service: row.serviceId, signal, subject, title, sentence, value, unit, href, state },
    cause: memberOr(['threshold', 'not-known', 'incident', 'anomaly'], row.cause, 'not-known'),
    severity: memberOr(alertSeverities, row.severity, 'critical'),
    openedAt: iso(row.openedAt),
    changedAt: iso(row.changedAt),
    resolvedAt: iso(row.resolvedAt),
    acknowledged: row.acknowledgedAt && {
      at: iso(row.acknowledgedAt),
      by: whoText(row.acknowledgedBy),
      note: row.acknowledgeNote ?? '',
    },
    silenced: isSilenced(row, silences.map(silenceOf), nowMs),
    can: {
      acknowledge: state === 'firing' ? mayAct(ctx, row.serviceId) : no(`It is ${state} already.`),
      silence: neverSilent.includes(signal)
        ? no('Two writable primaries are never silenced.')
        : state === 'resolved'
          ? no('It is resolved.')
          : mayAct(ctx, row.serviceId),
    },
  }
}

const no = (reason: string): Capability => ({ allowed: false, reason })

function mayAct(ctx: Context, service: string): Capability {
  if (may(ctx.grants, 'incident.acknowledge', service)) return { allowed: true, reason: null }
  return no(`This needs the role ${rolesWith('incident.acknowledge').join(' or ')}.`)
}

function silenceView(ctx: Context, row: SilenceRow): SilenceView {
  const { id, serviceId: service, signal, subject, reason } = row
  const times = { createdAt: iso(row.createdAt), until: iso(row.until) }
  return {
    id,
    service,
    signal,
    subject,
    reason,
    by: whoText(row.createdBy),
    ...times,
    can: { end: mayAct(ctx, service) },
  }
}
