import { mirrored, type ServerSettings, settingsInTheWay } from '@/server/domain/plan/handover-checks'
import { slotOf } from '@/server/domain/plan/rejoin-steps'
import { Terminal } from '@/server/ports/errors'
import type { StepContext } from '../step'

const names = [...mirrored, 'wal_level', 'max_replication_slots']
const list = names.map((name) => `'${name}'`).join(', ')

/** One read-only statement, so that settings and what is used of them are of one moment. */
const settingsQuery = `
  SELECT name AS key, setting AS value FROM pg_settings WHERE name IN (${list})
  UNION ALL SELECT 'used:wal-senders', count(*)::text FROM pg_stat_replication
  UNION ALL SELECT 'slot:' || slot_name, active::text FROM pg_replication_slots
  LIMIT $1`

async function readSettings(context: StepContext, serverId: string): Promise<ServerSettings> {
  const pairs = await context.service.postgres(serverId).readPairs(settingsQuery, 1_000)
  return Object.fromEntries(pairs.map(({ key, value }) => [key, value]))
}

/** @throws Terminal when the settings would keep the old primary from following the new one */
export async function expectRoomFor(
  context: StepContext,
  servers: { primary: string; candidate: string },
): Promise<void> {
  const [primary, candidate] = await Promise.all([
    readSettings(context, servers.primary),
    readSettings(context, servers.candidate),
  ])
  // Its own slot from an earlier turn is used again.
  const slots = Object.keys(candidate).filter(
    (key) => key.startsWith('slot:') && key !== `slot:${slotOf(servers.primary)}`,
  )
  const found = settingsInTheWay(
    { id: servers.primary, settings: primary },
    {
      id: servers.candidate,
      settings: candidate,
      walSenders: Number(candidate['used:wal-senders'] ?? 0),
      slots: slots.length,
    },
  )
  if (found.length === 0) return
  throw new Terminal(`postgres ${servers.candidate}`, `${found.join('; ')}. Nothing was changed`)
}
