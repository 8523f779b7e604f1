import type { AgentObservation } from '../agent-protocol'

/** The primary itself sees the standby streaming: what a receiver says of itself stays true on a dead link for a while. */
export function streamsTo(primary: AgentObservation, standbyId: string): boolean {
  return primary.replication.some((row) => row.applicationName === standbyId && row.state === 'streaming')
}

/**
 * Seconds between the newest heartbeat that the primary has written and the newest that the standby has replayed, both by the primary's clock. The primary is
 * to be read first. null while one is missing or the standby's was written by another server.
 */
export function heartbeatLagSeconds(primary: AgentObservation, standby: AgentObservation): number | null {
  const [written, replayed] = [primary.heartbeat, standby.heartbeat]
  if (written?.serverId !== primary.serverId || replayed?.serverId !== primary.serverId) return null
  return Math.max(0, Date.parse(written.at) - Date.parse(replayed.at)) / 1000
}

/** What two servers have to agree on so that each can follow the other, by setting: a standby refuses to start with less than its primary has. */
export const mirrored = [
  'max_connections',
  'max_worker_processes',
  'max_wal_senders',
  'max_prepared_transactions',
  'max_locks_per_transaction',
] as const

export type ServerSettings = Readonly<Record<string, string>>

/** What in the settings would keep the roles from changing, in words; empty when nothing does. `used` is what the candidate's standbys take. */
export function settingsInTheWay(
  primary: { id: string; settings: ServerSettings },
  candidate: { id: string; settings: ServerSettings; walSenders: number; slots: number },
): string[] {
  const number = (settings: ServerSettings, name: string): number => Number(settings[name] ?? Number.NaN)
  const found: string[] = []
  for (const name of mirrored) {
    const [own, others] = [number(primary.settings, name), number(candidate.settings, name)]
    // Not known is not in the way: the server itself will say so when it starts.
    if (own < others)
      found.push(`${name} is ${own} on ${primary.id} and ${others} on ${candidate.id}, whom it will follow`)
  }
  const level = candidate.settings.wal_level
  if (level !== undefined && level !== 'replica' && level !== 'logical') {
    found.push(`wal_level is ${level} on ${candidate.id}: nobody could follow it`)
  }
  if (number(candidate.settings, 'max_wal_senders') <= candidate.walSenders) {
    found.push(`${candidate.id} has no WAL sender left for ${primary.id}`)
  }
  if (number(candidate.settings, 'max_replication_slots') <= candidate.slots) {
    found.push(`${candidate.id} has no replication slot left for ${primary.id}`)
  }
  return found
}
