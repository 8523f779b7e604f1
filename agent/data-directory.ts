import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AgentConfig, Upstream } from './config'
import { conninfo, passwordLine, quoteSetting, resolveHost } from './conninfo'
import { type FileOwner, isMissing, removeDurably, writeDurably } from './durable-file'
import type { Secrets } from './secrets'
import type { AgentState } from './state-store'
import { passwordFile } from './tools'

const defaults: Record<string, string> = {
  wal_level: 'replica',
  hot_standby: 'on',
  max_wal_senders: '10',
  max_replication_slots: '10',
  max_connections: '100',
  shared_buffers: '32MB',
  /** A slot of a standby that never comes back must not fill the disk. */
  max_slot_wal_keep_size: '1GB',
  /** Keeps the WAL past a fork readable for a while without a slot. */
  wal_keep_size: '128MB',
  /** A promotion asked for while the receiver is being started waits this long: with the default of 5 s it does (measured). */
  wal_retrieve_retry_interval: '50ms',
  /** Replies tell a primary that its standby still sees it: at least one a second. */
  wal_receiver_status_interval: '1s',
  wal_receiver_timeout: '10s',
  wal_sender_timeout: '10s',
  /** Sessions of clients that are gone must not hold up a fast stop or a slot. */
  tcp_keepalives_idle: '10',
  tcp_keepalives_interval: '5',
  tcp_keepalives_count: '3',
  password_encryption: 'scram-sha-256',
  lc_messages: 'C',
  log_timezone: 'UTC',
  timezone: 'UTC',
  log_connections: 'off',
}

/** What a delayed standby calls itself to its upstream: it is no candidate, so the sight of it says nothing about a successor. */
export const delayedSuffix = '.delayed'

/** The longest delay that PostgreSQL takes, in milliseconds: nothing is applied for 24 days. */
const endlessDelayMs = 2_147_483_647

/** A recovery target has to name its offset from UTC as a number. */
export function postgresTime(instant: string): string {
  return instant.replace('T', ' ').replace('Z', '+00')
}

/**
 * How long applying waits for a query that is in its way. PostgreSQL counts from when the WAL was received: held a minute behind, every query would be
 * late from its beginning, and would be cancelled, the agent's own look among them.
 */
function patience(applyDelayMs: number): Record<string, string> {
  if (applyDelayMs === 0) return {}
  const waitMs = String(Math.min(endlessDelayMs, applyDelayMs + 30_000))
  return { max_standby_streaming_delay: waitMs, max_standby_archive_delay: waitMs }
}

/** While a run has it in hand nobody reads but who looks after it. */
const noHaste = { max_standby_streaming_delay: '-1', max_standby_archive_delay: '-1' }

/** How a standby applies: at its delay, not at all while held, or at once up to a moment and no further. */
function replaySettings(applyDelayMs: number, replay: AgentState['replay']): Record<string, string> {
  if (replay?.mode === 'held') return { recovery_min_apply_delay: String(endlessDelayMs), ...noHaste }
  if (!replay?.targetTime) return { recovery_min_apply_delay: String(applyDelayMs), ...patience(applyDelayMs) }
  return {
    recovery_min_apply_delay: '0',
    ...noHaste,
    recovery_target_time: postgresTime(replay.targetTime),
    recovery_target_inclusive: 'off',
    recovery_target_action: 'pause',
    recovery_target_timeline: 'latest',
  }
}

const includeLine = "include 'lifeboat.conf'"

/** The files in the data directory that are the agent's: settings, who may connect, and the signal that keeps a server read-only. */
export class DataDirectory {
  constructor(
    private readonly config: AgentConfig,
    private readonly secrets: Secrets,
    private readonly owner: FileOwner | undefined,
    readonly path = config.postgres.dataDirectory,
  ) {}

  get signalPath(): string {
    return join(this.path, 'standby.signal')
  }

  /** A restart cannot bring up a writable server. */
  get hasStandbySignal(): boolean {
    return existsSync(this.signalPath)
  }

  async placeStandbySignal(): Promise<void> {
    if (!this.hasStandbySignal) await writeDurably(this.signalPath, '', 0o600, this.owner)
  }

  async removeStandbySignal(): Promise<void> {
    await removeDurably(this.signalPath)
  }

  /** `absent`: nothing here. `foreign`: something that is not a PostgreSQL data directory, never to be touched. */
  async kind(): Promise<'absent' | 'cluster' | 'foreign'> {
    try {
      const names = await readdir(this.path)
      if (names.length === 0) return 'absent'
      return names.includes('PG_VERSION') && names.includes('global') ? 'cluster' : 'foreign'
    } catch (error) {
      if (isMissing(error)) return 'absent'
      throw error
    }
  }

  /**
   * Written anew before each start, because base copies and pg_rewind bring the source's files along.
   * @param follows what to stream from; null leaves the server without an upstream
   * @param replay what a run has asked of replay; null lets it follow as configured
   */
  async writeSettings(follows: Upstream | null, replay: AgentState['replay'] = null): Promise<void> {
    const { postgres } = this.config
    const settings = {
      ...defaults,
      ...postgres.settings,
      ...(await this.guardedSettings(follows)),
      ...replaySettings(this.config.applyDelayMs, replay),
    }
    const text = Object.entries(settings).map(([name, value]) => `${name} = ${quoteSetting(value)}`)
    await this.write('lifeboat.conf', `${text.join('\n')}\n`)
    await this.writePasswordFile()
    const main = await readFile(join(this.path, 'postgresql.conf'), 'utf8')
    if (main.trimEnd().split('\n').at(-1) !== includeLine) {
      await this.write('postgresql.conf', `${main.trimEnd()}\n${includeLine}\n`)
    }
  }

  /** What libpq, the tools and the receiver authenticate to an upstream with. */
  async writePasswordFile(): Promise<void> {
    const line = passwordLine(this.config.postgres.replicationUser, this.secrets.replicationPassword)
    await writeDurably(passwordFile(this.config), line, 0o600, this.owner)
  }

  /** @param closed only the agent itself may connect: nobody sees a cluster that is still being made */
  async writeAccess(closed = false): Promise<void> {
    const { postgres } = this.config
    const method = 'scram-sha-256'
    const own = [...new Set(['127.0.0.1/32', `${await this.ownAddress()}/32`])]
    const lines = own.map((address) => `host all ${postgres.superuser} ${address} ${method}`)
    lines.push(`host all ${postgres.superuser} all reject`)
    if (!closed) {
      for (const network of postgres.allowedNetworks) {
        lines.push(
          `host replication ${postgres.replicationUser} ${network} ${method}`,
          `host all all ${network} ${method}`,
        )
      }
    }
    await this.write('pg_hba.conf', `${lines.join('\n')}\n`)
  }

  private async ownAddress(): Promise<string> {
    const address = await resolveHost(this.config.postgres.host, this.config.postgres.hostsFile)
    return /^\d+(\.\d+){3}$/.test(address) ? address : '127.0.0.1'
  }

  private async guardedSettings(follows: Upstream | null): Promise<Record<string, string>> {
    const { postgres, serverId } = this.config
    return {
      listen_addresses: postgres.host,
      port: String(postgres.port),
      unix_socket_directories: '',
      cluster_name: serverId,
      fsync: 'on',
      full_page_writes: 'on',
      primary_slot_name: follows?.slot ?? '',
      primary_conninfo: follows
        ? conninfo({
            host: await resolveHost(follows.host, postgres.hostsFile),
            port: follows.port,
            user: postgres.replicationUser,
            passfile: passwordFile(this.config),
            application_name: this.config.applyDelayMs > 0 ? `${serverId}${delayedSuffix}` : serverId,
            connect_timeout: 3,
            keepalives_idle: 5,
            keepalives_interval: 2,
            keepalives_count: 3,
          })
        : '',
    }
  }

  private async write(name: string, content: string): Promise<void> {
    await writeDurably(join(this.path, name), content, 0o600, this.owner)
  }
}
