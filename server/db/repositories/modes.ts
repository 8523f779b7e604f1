import { actor, actorName } from '@/server/domain/actor'
import type { ModeFacts, Switch } from '@/server/domain/mode/mode-facts'
import type { Tx } from '../tx'

/** The scope of the switch that stops every service. */
export const allServices = '*'

export async function readKillSwitches(
  tx: Pick<Tx, 'killSwitch'>,
  serviceId: string,
): Promise<ModeFacts['killSwitches']> {
  const rows = await tx.killSwitch.findMany({ where: { scope: { in: [serviceId, allServices] } } })
  const of = (scope: string): Switch | null => {
    const row = rows.find((each) => each.scope === scope)
    if (!row) return null
    const by = actor.safeParse(row.changedBy)
    return {
      on: row.on,
      reason: row.reason,
      changedAt: row.changedAt.toISOString(),
      changedBy: by.success ? actorName(by.data) : 'unknown',
    }
  }
  return { service: of(serviceId), all: of(allServices) }
}

/** The newest automatic failover that nobody has acknowledged, else the newest of all. */
export async function lastAutomaticAction(
  tx: Pick<Tx, 'automaticAction'>,
  serviceId: string,
): Promise<ModeFacts['lastAutomatic']> {
  const automatic = { serviceId, mode: 'automatic' }
  const row =
    (await tx.automaticAction.findFirst({ where: { ...automatic, acknowledgedAt: null }, orderBy: { at: 'desc' } })) ??
    (await tx.automaticAction.findFirst({ where: automatic, orderBy: { at: 'desc' } }))
  return (
    row && { runId: row.runId, at: row.at.toISOString(), acknowledgedAt: row.acknowledgedAt?.toISOString() ?? null }
  )
}

/** What was opened for an incident without a person asking for it, oldest first. */
export async function openedForIncident(
  tx: Pick<Tx, 'automaticAction' | 'run'>,
  incidentId: string,
): Promise<ModeFacts['opened']> {
  const actions = await tx.automaticAction.findMany({ where: { incidentId }, orderBy: { ordinal: 'asc' } })
  const drafts = actions.filter((each) => each.mode === 'assisted').map((each) => each.runId)
  const runs =
    drafts.length === 0
      ? []
      : await tx.run.findMany({ where: { id: { in: drafts } }, select: { id: true, state: true } })
  return {
    automatic: actions.filter((each) => each.mode === 'automatic').length,
    drafts: drafts.map((runId) => ({ runId, state: runs.find((run) => run.id === runId)?.state ?? 'unknown' })),
  }
}

export async function findMaintenance(
  tx: Pick<Tx, 'announcedMaintenance'>,
  serviceId: string,
  now: Date,
): Promise<{ id: string; reason: string; endsAt: string } | null> {
  const row = await tx.announcedMaintenance.findFirst({
    where: { serviceId, cancelledAt: null, startsAt: { lte: now }, endsAt: { gt: now } },
    orderBy: { endsAt: 'desc' },
  })
  return row && { id: row.id, reason: row.reason, endsAt: row.endsAt.toISOString() }
}
