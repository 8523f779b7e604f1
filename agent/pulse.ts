import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { guardedStart } from './boot'
import type { Host } from './host'
import { observationSql, parseFacts, type SqlFacts } from './observation-query'
import { applyFence } from './operations/fence'
import { monotonicMs } from './poll'
import { HeldSession } from './session'
import { StandbyWatch } from './sight'
import type { SightFile } from './sight-file'

/** Without waiting for a synchronous standby: a standby that is gone must not silence the heartbeat. */
const beatSql = `
with local as (select set_config('synchronous_commit', 'local', true))
insert into lifeboat.heartbeat (server_id, at, lsn)
select $1, clock_timestamp(), pg_current_wal_lsn() from local
on conflict (server_id) do update set at = excluded.at, lsn = excluded.lsn`

const walsenders = z.array(z.object({ pid: z.int(), state: z.string().nullable(), reply_time: z.string().nullable() }))
const followersSql = `select exists (select from pg_replication_slots where slot_type = 'physical') as followed`
const followers = z.tuple([z.object({ followed: z.boolean() })])
const recovery = z.tuple([z.object({ recovering: z.boolean() })])

/** Finds an end of sight and an ended server within this; the decision itself is made on the clock, not on ticks. */
const watchEveryMs = 200
/** A server that cannot start is not tried more often than this. */
const restartPauseMs = 5_000

/** What the agent does unasked: the heartbeat, the look for standbys, self-fencing, keeping the server up. */
export class Pulse {
  private readonly held: HeldSession
  private readonly standbys = new StandbyWatch()
  private readonly stopping = new AbortController()
  private lastCommitAt: number | null = null
  private restartNotBefore = 0

  constructor(
    private readonly host: Host,
    private readonly sightFile: SightFile,
  ) {
    this.held = new HeldSession(host.monitor('lifeboat-heartbeat'), 1_000)
  }

  /** True only after a heartbeat that was committed within the last three intervals. */
  get committedRecently(): boolean {
    return this.lastCommitAt !== null && monotonicMs() - this.lastCommitAt < 3 * this.host.config.heartbeatIntervalMs
  }

  /** Facts from the session that was open all along; null when it is silent too. */
  async heldFacts(): Promise<SqlFacts | null> {
    try {
      return parseFacts(await this.held.query(observationSql))
    } catch {
      return null
    }
  }

  /** Runs until `stop`. */
  start(): void {
    void this.every(this.host.config.heartbeatIntervalMs, () => this.beat())
    void this.every(watchEveryMs, () => this.watch())
  }

  stop(): void {
    this.stopping.abort()
    this.held.close()
  }

  private async every(intervalMs: number, work: () => Promise<void>): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        await work()
      } catch (error) {
        this.host.log.debug({ error: error instanceof Error ? error.message : 'unknown' }, 'skipped a beat')
      }
      await delay(intervalMs, undefined, { signal: this.stopping.signal }).catch(() => undefined)
    }
  }

  /** One heartbeat on a primary; elsewhere nothing. */
  async beat(): Promise<void> {
    if (!this.host.postmaster.isRunning) return
    const rows = recovery.parse(await this.held.query('select pg_is_in_recovery() as recovering'))
    if (rows[0].recovering) return
    const seen = walsenders.parse(await this.held.query('select pid, state, reply_time::text from pg_stat_replication'))
    const standbyAt = this.standbys.look(
      monotonicMs(),
      seen.map((row) => ({ pid: row.pid, state: row.state ?? '', replyTime: row.reply_time })),
    )
    if (standbyAt !== null) this.host.sight.standbySeen(standbyAt)
    const [slots] = followers.parse(await this.held.query(followersSql))
    this.host.sight.successorsKnown(slots.followed || seen.length > 0)
    await this.held.query(beatSql, [this.host.config.serverId])
    this.lastCommitAt = monotonicMs()
  }

  private async watch(): Promise<void> {
    const { lastSeenAt } = this.host.sight
    if (lastSeenAt !== null) this.sightFile.write(lastSeenAt)
    await this.fenceWhenIsolated()
    await this.keepUp()
  }

  /** Begins early enough to have stopped by `selfFenceAt`, since that is what others reckon with. */
  private async fenceWhenIsolated(): Promise<void> {
    const { host } = this
    const stopBudgetMs = Math.min(2_000, host.config.selfFenceAfterMs / 4)
    const isolated = () => {
      const { selfFenceAt } = host.sight
      return selfFenceAt !== null && monotonicMs() >= selfFenceAt - stopBudgetMs
    }
    if (!isolated() || !(await host.mayWrite())) return
    await host.mutex.run(async () => {
      if (!isolated() || !(await host.mayWrite())) return
      host.log.error('lost sight of the control plane and of every standby: stopping the primary')
      const outcome = await applyFence(host, host.fenceMark('self-fence', null), stopBudgetMs)
      host.log.error({ how: outcome.how, stopped: outcome.stopped }, 'self-fenced')
    }, 1_000)
  }

  /** A server that ended by itself comes back as one that boots: read-only until told otherwise. */
  private async keepUp(): Promise<void> {
    const { host } = this
    const isDown = () =>
      host.desired === 'running' && host.postmaster.pid() === null && host.state.current.incomplete === null
    if (monotonicMs() < this.restartNotBefore || !isDown() || (await host.directory.kind()) !== 'cluster') return
    await host.mutex.run(async () => {
      if (!isDown() || (await host.directory.kind()) !== 'cluster') return
      this.restartNotBefore = monotonicMs() + restartPauseMs
      host.log.warn('PostgreSQL has ended by itself; starting it under the boot guard')
      await guardedStart(host)
    }, 100)
  }
}
