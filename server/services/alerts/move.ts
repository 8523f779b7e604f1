import { randomUUID } from 'node:crypto'
import { emitEvent } from '@/server/db/events'
import type { Tx } from '@/server/db/tx'
import type { Actor } from '@/server/domain/actor'
import type { AlertCause, AlertSeverity, AlertState } from '@/server/domain/alerts/decide'

export type AlertKey = { serviceId: string; signal: string; subject: string }
export type AlertText = { title: string; sentence: string; value: number | null; unit: string; href: string }
export type AlertContent = AlertText & { cause: AlertCause; severity: AlertSeverity; state: AlertState }

type Told = { alertId: string; serviceId: string; kind: string; message: string; at: Date; actor: Actor }

/** The history's entry, and the event that pages and later the notifications read. */
export async function tellAlert(tx: Tx, { alertId, serviceId, kind, message, at, actor }: Told): Promise<void> {
  await tx.alertEvent.create({ data: { alertId, at, kind, message, actor } })
  await emitEvent(tx, { kind: 'alert.changed', serviceId, runId: null, data: { alertId, change: kind } })
}

/** @returns false when another evaluator had opened it: then nothing was written */
export async function openAlert(
  tx: Tx,
  key: AlertKey,
  content: AlertContent,
  at: Date,
  actor: Actor,
): Promise<boolean> {
  const id = randomUUID()
  const made = await tx.alert.createMany({
    data: [{ id, ...key, ...content, openedAt: at, changedAt: at }],
    skipDuplicates: true,
  })
  if (made.count === 0) return false
  await tellAlert(tx, { alertId: id, serviceId: key.serviceId, kind: 'open', message: content.sentence, at, actor })
  return true
}

type Changed = { id: string; serviceId: string; kind: 'raise' | 'lower' | 'change' }

export async function changeAlert(
  tx: Tx,
  alert: Changed,
  content: AlertContent,
  at: Date,
  actor: Actor,
): Promise<void> {
  const { id, serviceId, kind } = alert
  const again = content.state === 'firing' ? { acknowledgedAt: null } : {}
  const moved = await tx.alert.updateMany({
    where: { id, state: { not: 'resolved' } },
    data: { ...content, ...again, changedAt: at },
  })
  if (moved.count > 0) await tellAlert(tx, { alertId: id, serviceId, kind, message: content.sentence, at, actor })
}

export async function resolveAlert(
  tx: Tx,
  alert: { id: string; serviceId: string },
  message: string,
  at: Date,
  actor: Actor,
): Promise<void> {
  const moved = await tx.alert.updateMany({
    where: { id: alert.id, state: { not: 'resolved' } },
    data: { state: 'resolved', resolvedAt: at, changedAt: at },
  })
  if (moved.count > 0)
    await tellAlert(tx, { alertId: alert.id, serviceId: alert.serviceId, kind: 'resolve', message, at, actor })
}
