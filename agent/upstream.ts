import { z } from 'zod'
import { failed, refused } from './agent-error'
import type { Upstream } from './config'
import { conninfo, resolveHost } from './conninfo'
import type { Host } from './host'
import { sqlState, withSession } from './session'

const identityRows = z.tuple([z.object({ system_identifier: z.string() })])
const timeoutMs = 2_000
const duplicateObject = '42710'

/** For pg_basebackup and pg_rewind; the password comes from the password file. */
export async function upstreamConninfo(host: Host, upstream: Upstream, database?: string): Promise<string> {
  return conninfo({
    host: await resolveHost(upstream.host, host.config.postgres.hostsFile),
    port: upstream.port,
    user: host.config.postgres.replicationUser,
    ...(database ? { dbname: database } : {}),
    application_name: host.config.serverId,
    connect_timeout: 3,
    keepalives_idle: 5,
    keepalives_interval: 2,
    keepalives_count: 3,
  })
}

/**
 * Sees to it that the slot exists there and holds its WAL from now on.
 * @param expectSystem the system identifier that the upstream must have; null when there is nothing to compare with
 */
export async function prepareUpstream(
  host: Host,
  upstream: Upstream,
  expectSystem: string | null,
  checkpoint = false,
): Promise<void> {
  const { postgres, serverId } = host.config
  const target = {
    host: await resolveHost(upstream.host, postgres.hostsFile),
    port: upstream.port,
    user: postgres.replicationUser,
    password: host.secrets.replicationPassword,
    database: 'postgres',
    applicationName: `lifeboat-agent ${serverId}`,
  }
  try {
    await withSession(target, timeoutMs, async (client) => {
      const found = await client.query('select system_identifier::text from pg_control_system()')
      const { system_identifier: system } = identityRows.parse(found.rows)[0]
      if (expectSystem !== null && system !== expectSystem) {
        throw refused(`the upstream belongs to system ${system}, this server to ${expectSystem}`)
      }
      await client
        .query(
          `select pg_create_physical_replication_slot($1::name, true)
           where not exists (select from pg_replication_slots where slot_name = $1::name)`,
          [upstream.slot],
        )
        .catch((error: unknown) => {
          if (sqlState(error) !== duplicateObject) throw error
        })
    })
    if (checkpoint) await withSession(target, 60_000, (client) => client.query('checkpoint'))
  } catch (error) {
    if (error instanceof Error && error.name === 'AgentError') throw error
    throw failed(`the upstream ${upstream.host}:${upstream.port} did not let this server prepare to follow it`, error)
  }
}
