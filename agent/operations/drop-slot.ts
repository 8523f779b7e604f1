import { z } from 'zod'
import type { AgentRequest, AgentResult } from '@/server/domain/agent-protocol'
import { refused } from '../agent-error'
import { slotName } from '../config'
import { recordGeneration, refuseStale } from '../generation'
import type { Host } from '../host'

const rows = z.array(z.object({ active: z.boolean() }))

/** Drops one physical slot that nobody uses, on a standby only: on a primary it may be what a standby comes back to. Not there: done. */
export async function dropSlot(host: Host, request: AgentRequest<'dropSlot'>): Promise<AgentResult<'dropSlot'>> {
  refuseStale(host, request.generation)
  const slot = slotName.safeParse(request.slot)
  if (!slot.success) throw refused('the slot name is not one that this agent would hand to PostgreSQL')
  if ((await host.inRecovery()) !== true) throw refused('this server is not a running standby; no slot was dropped')
  await recordGeneration(host, request.generation)
  const where = "from pg_replication_slots where slot_type = 'physical' and slot_name = $1"
  const [found] = rows.parse(await host.admin.query(`select active ${where}`, [slot.data]))
  if (!found) return { dropped: false }
  if (found.active) throw refused('the slot is in use; it was not dropped')
  await host.admin.query(`select pg_drop_replication_slot(slot_name) ${where} and not active`, [slot.data])
  host.log.warn({ runId: request.runId, slot: slot.data }, 'dropped a slot that nobody used')
  return { dropped: true }
}
