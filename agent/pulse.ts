import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { guardedStart } from './boot'
import { delayedSuffix } from './data-directory'
import type { Host } from './host'
import { observationSql, parseFacts, type SqlFacts } from './observation-query'
import { applyFence } from './operations/fence'
import { monotonicMs } from './poll'
import { HeldSession } from './session'
import { StandbyWatch } from './sight'
import type { SightFile } from './sight-file'
import { prepareUpstream } from './upstream'

/** Without waiting for a synchronous standby: a standby that is gone must not silence the heartbeat. */
const beatSql = `
with local as (select set_config('synchronous_commit', 'local', true))
insert into lifeboat.heartbeat (server_id, at, lsn)
select $1, clock_timestamp(), pg_current_wal_lsn() from local
on conflict (server_id) do update set at = excluded.at, lsn = excluded.lsn`

const walsenders = z.array(z.object({ pid: z.int(), state: z.string().nullable(), reply_time: z.string().nullable() }))
/** A delayed standby is no candidate: nobody is promoted behind this primary's back because of it, and the sight of it proves nothing. */
const candidatesSql = `
select pid, state, reply_time::text from pg_stat_replication where application_name not like '%${delayedSuffix}'`
const followersSql = `
select exists (select from pg_replication_slots s where slot_type = 'physical' and not exists (
  select from pg_stat_replication r where r.pid = s.active_pid and r.application_name like '%${delayedSuffix}')) as followed`
const followers = z.tuple([z.object({ followed: z.boolean() })])
const receiverSql = `
select pg_is_in_recovery() as recovering, exists (select from pg_stat_wal_receiver) as receiving`
const receivers = z.tuple([z.object({ recovering: z.boolean(), receiving: z.boolean() })])
const recovery = z.tuple([z.object({ recovering: z.boolean() })])

/** Finds an end of sight and an ended server within this; the decision itself is made on the clock, not on ticks. */
const watchEveryMs = 200
/** A server that cannot start is not tried more often than this. */
const restartPauseMs = 5_000
/** Between two looks whether the upstream still has the slot. */
const slotLookPauseMs = 5_000

/** What the agent does unasked: the heartbeat, the look for standbys, self-fencing, keeping the server up. */
export class Pulse {
  private readonly held: HeldSession
  private readonly standbys = new StandbyWatch()
  private readonly stopping = new AbortController()
  private lastCommitAt: number | null = null
  private restartNotBefore = 0
  private slotLookNotBefore = 0

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
    const seen = walsenders.parse(await this.held.query(candidatesSql))
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
    await this.keepSlot()
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

  /**
   * A delayed standby follows a standby, which may be copied anew and lose its slots; without its slot it would receive nothing for ever. Where it is
   * missing it is made again; where it is not, nothing changes.
   */
  private async keepSlot(): Promise<void> {
    const { host } = this
    const { follows, replay } = host.state.current
    if (host.config.applyDelayMs === 0 || follows === null || replay !== null || host.desired !== 'running') return
    if (!host.postmaster.isRunning || monotonicMs() < this.slotLookNotBefore) return
    this.slotLookNotBefore = monotonicMs() + slotLookPauseMs
    const [seen] = receivers.parse(await this.held.query(receiverSql))
    if (!seen.recovering || seen.receiving) return
    const control = await host.controlFile.read()
    if (control) await prepareUpstream(host, follows, control.systemIdentifier)
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
